//! The token of the ARGO WEB-API, which a superuser enters.

use poem::domain::model::object_kind::ObjectKind;

use super::{AT, TestSite, open, submit};
use crate::support::Installation;

const INTERNAL: &str = "/poem/api/v2/internal/tokens/WEB-API";

fn sealed(installation: &Installation) -> String {
    let found = crate::support::sql::sql(
        installation,
        "SELECT encode(token_sealed, 'hex') FROM egi.api_key WHERE client = 'WEB-API'",
    );
    let bytes: Vec<u8> =
        (0..found[0].len()).step_by(2).map(|at| u8::from_str_radix(&found[0][at..at + 2], 16).unwrap()).collect();
    installation.keys().unseal(&bytes).unwrap()
}

#[test]
fn a_superuser_enters_and_replaces_the_token_and_no_page_shows_it() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql("DELETE FROM egi.api_key WHERE client = 'WEB-API'");
    let (first, second) = ("1a".repeat(32), "2b".repeat(32));
    let mut form = open(&mut root, &AT.addition(ObjectKind::ApiKey));
    form.set("client", "WEB-API");
    let refused = submit(&mut root, &form);
    assert!(refused.status == 422 && refused.text().contains("has issued for this tenant"), "{refused:?}");
    form.set("token", &format!("{first}\u{e9}"));
    let refused = submit(&mut root, &form);
    assert!(refused.status == 422 && !refused.text().contains(&first), "{refused:?}");
    form.set("token", &format!(" {first} "));
    for _ in 0..2 {
        let added = submit(&mut root, &form);
        assert!(added.status == 303 && !added.text().contains(&first), "{added:?}");
        assert_eq!(sealed(&site.installation), first);
    }
    let id: i64 = site.one("SELECT id FROM egi.api_key WHERE client = 'WEB-API'").parse().unwrap();
    let address = AT.change(ObjectKind::ApiKey, id);
    let mut form = open(&mut root, &address);
    assert_eq!(form.value("token"), "");
    form.set("token", &second);
    for _ in 0..2 {
        let saved = submit(&mut root, &form);
        assert!(saved.status == 303, "{saved:?}");
        assert_eq!(sealed(&site.installation), second);
    }
    let log = "SELECT count(*) FROM egi.log_entry WHERE object_name = 'WEB-API' AND action = 'change'";
    assert_eq!(site.one(log), "1", "the second submit changed nothing");
    for page in [address, AT.history(ObjectKind::ApiKey, id), "/poem/admin/admin/logentry/".to_owned()] {
        let text = root.get(&page).text();
        assert!(!text.contains(&first) && !text.contains(&second), "{page}");
    }
    assert_eq!(root.get(INTERNAL).text(), format!("\"{second}\""));
    let log = site.installation.log();
    assert!(!log.contains(&first) && !log.contains(&second));
}

#[test]
fn a_key_of_another_client_takes_no_token() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut form = open(&mut root, &AT.addition(ObjectKind::ApiKey));
    form.set("client", "OTHER");
    form.set("token", "chosen");
    let refused = submit(&mut root, &form);
    assert!(refused.status == 422 && refused.text().contains("POEM generates all others"), "{refused:?}");
    let id = site.one("SELECT id FROM egi.api_key WHERE client <> 'WEB-API' ORDER BY id LIMIT 1").parse().unwrap();
    assert!(open(&mut root, &AT.change(ObjectKind::ApiKey, id)).get("token").is_none());
}
