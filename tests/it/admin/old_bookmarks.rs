//! Addresses of POEM 2.3 that its users have bookmarked, and addresses that a list does not understand.

use poem::domain::model::object_kind::ObjectKind;

use super::page::{links, text_of_class};
use super::{AT, TestSite, all, get, ids};

/// Returns the ids on a list, and what the page says about its address.
fn listed(site: &TestSite, kind: ObjectKind, query: &str) -> (Vec<i64>, String) {
    let page = get(&mut site.browser("root"), &format!("{}?{query}", AT.list(kind)));
    (ids(kind, &page), text_of_class(&page, "notice-line").unwrap_or_default().trim().to_owned())
}

#[test]
fn filters_of_2_3_work() {
    let site = TestSite::new();
    let one = |statement: &str| site.one(statement);
    let tag = one("SELECT id FROM egi.tag WHERE name = 'Production'");
    let group = one("SELECT id FROM egi.object_group WHERE kind = 'metrics' AND name = 'ARGO'");
    let users = ObjectKind::CustUser;
    for (kind, old, new) in [
        (ObjectKind::Metric, format!("tag__id__exact={tag}"), "tag=Production"),
        (ObjectKind::Metric, format!("group__id__exact={group}&tag__id__exact={tag}"), "group=ARGO&tag=Production"),
        (ObjectKind::Metric, format!("tag__id__exact={tag}&q=SRM&o=-1"), "tag=Production&q=SRM&o=-name"),
        (ObjectKind::Profile, "vo__exact=ops".to_owned(), "vo=ops"),
        (ObjectKind::Probe, "group__isnull=True".to_owned(), "group=-"),
        (users, "is_superuser__exact=1".to_owned(), "superuser=yes"),
        (users, "is_superuser__exact=0&is_staff__exact=1".to_owned(), "superuser=no&staff=yes"),
        (ObjectKind::ApiKey, "revoked__exact=0".to_owned(), "revoked=no"),
    ] {
        let (found, said) = listed(&site, kind, &old);
        assert_eq!((&found, said.as_str()), (&listed(&site, kind, new).0, ""), "{kind} {old}");
        assert_ne!(found, listed(&site, kind, "").0, "{kind} {old} filters nothing");
    }
}

#[test]
fn what_an_address_asks_for_in_vain_is_said() {
    let site = TestSite::new();
    for (entity, fixture) in all() {
        let everything = listed(&site, fixture.kind, "").0;
        let (found, said) = listed(&site, fixture.kind, "content_type__id__exact=7");
        let expected = "This address names a filter that POEM does not know: content_type__id__exact.";
        assert_eq!((found, said.as_str()), (everything.clone(), expected), "{}", fixture.kind);
        let (found, said) = listed(&site, fixture.kind, "o=nothing&page=x");
        assert_eq!(found, everything);
        assert_eq!(said, "This address has a value that POEM does not know: o=nothing.", "{}", fixture.kind);
        for filter in entity.options().list.filters.iter().filter(|filter| filter.source.fixed().is_some()) {
            let (found, said) = listed(&site, fixture.kind, &format!("{}=maybe", filter.name));
            assert_eq!(found, everything);
            assert!(said.contains(&format!("does not know: {}=maybe.", filter.name)), "{said}");
        }
        assert_eq!(listed(&site, fixture.kind, "q=&page=1&o=").1, "");
    }
    assert!(listed(&site, ObjectKind::Metric, "tag__id__exact=99").1.contains("does not know: tag=99"));
    let mut root = site.browser("root");
    let services = get(&mut root, "/poem/admin/poem/service/?area=x");
    assert!(services.contains("does not know: area."), "{services}");
    let log = get(&mut root, "/poem/admin/admin/logentry/?action_time__year=2020&user__id__exact=1");
    assert!(log.contains("does not know: user__id__exact.") && !log.contains("know: action"), "{log}");
    let hostile = get(&mut root, "/poem/admin/poem/probe/?%3Cscript%3E=1");
    assert!(hostile.contains("does not know: &lt;script&gt;.") && !hostile.contains("<script>"), "{hostile}");
}

#[test]
fn pages_of_2_3_are_counted_from_zero() {
    let site = TestSite::new();
    site.sql("INSERT INTO egi.app_user (username, password) SELECT 'user' || n, '!' FROM generate_series(1, 70) n");
    let page = |query| listed(&site, ObjectKind::CustUser, query).0;
    assert_eq!((page("p=0"), page("p=1"), page("p=2")), (page(""), page("page=2"), page("page=3")));
    assert_ne!(page("p=1"), page(""));
}

#[test]
fn all_words_are_found_in_any_order() {
    let site = TestSite::new();
    let metrics = |query: &str| listed(&site, ObjectKind::Metric, query).0;
    let found = metrics("q=AMS-Check");
    assert!(!found.is_empty());
    assert_eq!(metrics("q=ams-check+argo"), found);
    assert_eq!(metrics("q=argo+AMS-Check"), found);
    assert_eq!(metrics("q=ams+nothing"), [0; 0]);
    assert_eq!(metrics("q=+++ams-check++"), found);
    // Each word in any of the searched columns.
    site.sql(
        "INSERT INTO egi.app_user (username, password, first_name, email) VALUES ('zoe', '!', 'Zora', 'z@example.net')",
    );
    assert_eq!(listed(&site, ObjectKind::CustUser, "q=example.net+zora+zoe").0.len(), 1);
    site.sql(
        "INSERT INTO egi.service (id, service_id, service_name, service_area, service_version, service_type,
        component_version, component_name, visible_to_marketplace, in_catalogue, external_service, internal_service)
        VALUES ('w', 'w', 'Word Service', 'Area', '', (SELECT min(service_flavour) FROM egi.metric_instance), '', '',
                false, false, false, false)",
    );
    let services = |query: &str| get(&mut site.stranger(), &format!("/poem/admin/poem/public_service/?q={query}"));
    assert!(services("area+word").contains("Word Service") && !services("area+nothing").contains("Word Service"));
    let metric = site.one(
        "SELECT min(n.name) FROM egi.metric_instance i JOIN egi.metric_name n ON n.id = i.metric_name_id
        WHERE service_flavour = (SELECT min(service_flavour) FROM egi.metric_instance)",
    );
    assert!(services(&format!("word+{metric}")).contains("Word Service"), "a word of the service, one of its metric");
}

#[test]
fn an_object_without_change_is_its_page() {
    let site = TestSite::new();
    let probe: i64 = site.one("SELECT min(id) FROM egi.probe").parse().unwrap();
    let page = get(&mut site.browser("root"), &format!("/poem/admin/poem/probe/{probe}/"));
    assert!(links(&page).contains(&AT.change(ObjectKind::Probe, probe)), "{page}");
    let public = format!("/poem/admin/poem/public_probe/{probe}/");
    let answer = site.stranger().get(&public);
    assert_eq!(answer.header("Location"), Some(format!("{public}change/").as_str()), "{answer:?}");
    assert_eq!(site.browser("root").get("/poem/admin/poem/probe/x/").status, 404);
    assert_eq!(site.browser("root").get("/poem/admin/poem/nothing/1/").status, 404);
}
