//! The looks of pages: the colour and the icon of the tenant, and light and dark as the user has chosen.

use std::time::{Duration, Instant};

use super::{AT, TestSite, get};
use poem::domain::model::object_kind::ObjectKind;

const PUBLIC_PROBES: &str = "/poem/admin/poem/public_probe/";
const THEME: &str = "/poem/admin/theme/";

#[test]
fn a_tenant_has_a_color_and_letters_without_a_restart() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    let page = get(&mut stranger, PUBLIC_PROBES);
    assert!(page.contains("data-color=\"teal\"") && page.contains("poem.svg\""), "{page}");
    let looks = "[GENERAL_EGI]\nColor = Blue\nLetter = Ž\nFooterLinks = Status = https://status.example.org/?a=b, x\n";
    site.installation.configure("[GENERAL_EGI]\n", looks);
    let end = Instant::now() + Duration::from_secs(20);
    while !get(&mut stranger, PUBLIC_PROBES).contains("data-color=\"blue\"") {
        assert!(Instant::now() < end, "poem.conf was not read again");
    }
    for (mut browser, address) in [
        (site.stranger(), PUBLIC_PROBES),
        (site.stranger(), "/poem/admin/login/"),
        (site.stranger(), "/poem/admin/poem/public_probe/0/change/"),
        (site.browser("root"), "/poem/admin/"),
    ] {
        let page = browser.get(address).text();
        assert!(page.contains("<html lang=\"en\" data-color=\"blue\""), "{address}: {page}");
        let icon = page.split("rel=\"icon\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let icon = icon.replace("&#x2F;", "/");
        assert_eq!((icon.as_str(), page.matches("blue-").count()), ("/poem/icon/blue-%C5%BD.svg", 2), "{address}");
        // A part of the list cannot be used, so none of it has effect; the rest has.
        assert!(!page.contains("status.example.org"), "{address}: {page}");
    }
    let icon = stranger.get("/poem/icon/blue-%C5%BD.svg");
    assert_eq!((icon.status, icon.header("Content-Type")), (200, Some("image/svg+xml")));
    assert!(icon.text().contains(">Ž</text>") && icon.text().contains("fill=\"#00569d\""), "{icon:?}");
    for unknown in ["blue.png", "navy.svg", "blue-EGI.svg", "blue-%3C.svg"] {
        assert_eq!(stranger.get(&format!("/poem/icon/{unknown}")).status, 404, "{unknown}");
    }
}

#[test]
fn every_page_is_light_or_dark_as_chosen() {
    let site = TestSite::new();
    let dark =
        |page: &str| (page.contains("data-theme=\"dark\""), page.contains("value=\"dark\" aria-pressed=\"true\""));
    let addresses =
        [PUBLIC_PROBES, "/poem/admin/help/", "/poem/admin/login/", "/poem/admin/poem/public_probe/0/change/"];
    let inside = [AT.list(ObjectKind::Metric), "/poem/admin/".to_owned(), "/poem/admin/nothing/".to_owned()];
    for (mut browser, addresses) in
        [(site.stranger(), addresses.map(str::to_owned).to_vec()), (site.browser("root"), inside.to_vec())]
    {
        // Pages are cached before the choice, and after it.
        for (choice, is_dark) in [("system", false), ("dark", true), ("light", false), ("nonsense", false)] {
            browser.post(THEME, &[("theme", choice)]);
            for address in &addresses {
                let page = browser.get(address).text();
                assert_eq!(dark(&page), (is_dark, is_dark), "{address} {choice}: {page}");
                assert_eq!(page.matches("aria-pressed=\"true\"").count(), 1, "{address} {choice}: {page}");
            }
        }
        // What is not a theme is not kept.
        assert_eq!(browser.cookies["theme"], "light");
    }
    let page = get(&mut site.stranger(), PUBLIC_PROBES);
    assert!(page.contains("data-theme=\"system\""), "{page}");
}

#[test]
fn the_choice_leads_back_to_the_page_and_to_no_other_host() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    for (referer, target) in [
        ("http://localhost/poem/admin/poem/public_probe/?q=a&o=-name", "/poem/admin/poem/public_probe/?q=a&o=-name"),
        ("https://localhost//other.example.org/", "/poem/admin/"),
        ("localhost", "/poem/admin/"),
    ] {
        let form = [("Referer", referer), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = stranger.send("POST", THEME, &form, b"theme=dark");
        assert_eq!((answer.status, answer.header("Location")), (303, Some(target)), "{answer:?}");
        let cookie = answer.headers("Set-Cookie").find(|cookie| cookie.starts_with("theme=dark")).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("Max-Age=31536000"), "{cookie}");
    }
    let foreign = [("Sec-Fetch-Site", "cross-site"), ("Content-Type", "application/x-www-form-urlencoded")];
    let answer = site.stranger().send("POST", THEME, &foreign, b"theme=dark");
    assert_eq!((answer.status, answer.header("Set-Cookie")), (403, None), "{answer:?}");
    let answer = site.stranger().get(&format!("{THEME}?theme=dark"));
    assert!(answer.headers("Set-Cookie").all(|cookie| !cookie.starts_with("theme")), "{answer:?}");
}
