//! Columns and the number of rows of a list: chosen in the address, and kept by its links and forms.

use poem::domain::model::object_kind::ObjectKind;
use poem::templates::Addresses;

use super::page::{Element, elements, links, text_of_class};
use super::{AT, TestSite, get, ids};

const PUBLIC: Addresses = Addresses { is_public: true };
const ALL_COLUMNS: &str = "cols=type.parent.profiles.changed";

/// Returns the headings of a list's columns.
fn headings(page: &str) -> Vec<String> {
    let columns = elements(page).into_iter().skip_while(|element| element.name != "thead");
    let columns = columns.take_while(|element| element.name != "/thead");
    columns.map(|element| element.text.trim().to_owned()).filter(|text| !text.is_empty() && text != "Tick").collect()
}

/// Returns the texts of the row of an object, without its first cell; one for each column.
fn cells(page: &str, name: &str) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for element in elements(page).into_iter().skip_while(|element| element.name != "tbody") {
        match element.name.as_str() {
            "tr" => rows.push(Vec::new()),
            "td" if element.get("class") == Some("tick") => {}
            "td" | "th" => rows.last_mut().expect("a row").push(element.text.trim().to_owned()),
            "/tbody" => break,
            _ => {
                // (The cell with the tick comes first.)
                if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
                    *cell += element.text.trim();
                }
            }
        }
    }
    rows.into_iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no row {name}: {page}"))[1..].to_vec()
}

/// Returns the hidden inputs of the form that has a visible input or select with this name.
fn kept_by(page: &str, name: &str) -> Vec<(String, String)> {
    let all = elements(page);
    let is_shown = |element: &Element| element.get("name") == Some(name) && element.get("type") != Some("hidden");
    let place = all.iter().position(is_shown).expect("the input");
    let start = all[..place].iter().rposition(|element| element.name == "form").expect("its form");
    let hidden = all[start..].iter().take_while(|element| element.name != "/form");
    let hidden = hidden.filter(|element| element.get("type") == Some("hidden"));
    let value = |element: &Element, of| element.get(of).unwrap_or_default().to_owned();
    hidden.map(|element| (value(element, "name"), value(element, "value"))).collect()
}

#[test]
fn columns_are_shown_on_request() {
    let site = TestSite::new();
    let base = ["Name", "Tag", "Probe version", "Group"];
    for (mut browser, list) in
        [(site.browser("root"), AT.list(ObjectKind::Metric)), (site.stranger(), PUBLIC.list(ObjectKind::Metric))]
    {
        assert_eq!(headings(&get(&mut browser, &list)), base);
        let all = get(&mut browser, &format!("{list}?{ALL_COLUMNS}"));
        assert_eq!(headings(&all)[4..], ["Type", "Parent", "Profiles", "Last change"]);
        // The form sends one parameter a column, in any order.
        let some = get(&mut browser, &format!("{list}?cols=parent&cols=type"));
        assert_eq!(headings(&some)[4..], ["Type", "Parent"]);
        assert!(links(&some).iter().any(|link| link.contains("o=tag") && link.contains("cols=type.parent")));
    }
    let mut root = site.browser("root");
    let page = get(&mut root, &format!("{}?{ALL_COLUMNS}", AT.list(ObjectKind::Metric)));
    let facts = site.one(
        "SELECT n.name, y.name, m.parent, (SELECT count(DISTINCT profile_id) FROM egi.metric_instance i
                                           WHERE i.metric_name_id = n.id)
         FROM egi.metric m JOIN egi.metric_name n ON n.id = m.metric_name_id
         JOIN egi.metric_type y ON y.id = m.metric_type_id
         WHERE m.parent <> '' ORDER BY m.id LIMIT 1",
    );
    let facts: Vec<&str> = facts.split('|').collect();
    let row = cells(&page, facts[0]);
    assert_eq!(row[3..6], facts[1..]);
    let changed = site.one(&format!(
        "SELECT to_char(max(v.created) AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM egi.version v JOIN egi.metric m ON m.id = v.object_id
         JOIN egi.metric_name n ON n.id = m.metric_name_id WHERE v.kind = 'metric' AND n.name = '{}'",
        facts[0]
    ));
    assert_eq!(row[6][..10], changed);
}

#[test]
fn unknown_columns_and_sizes_are_named() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let list = AT.list(ObjectKind::Metric);
    for (query, said) in [
        ("cols=type.password", "This address has a value that POEM does not know: cols=password."),
        ("size=31", "This address has a value that POEM does not know: size=31."),
    ] {
        let page = get(&mut root, &format!("{list}?{query}"));
        assert_eq!(text_of_class(&page, "notice-line").unwrap_or_default().trim(), said);
    }
    let groups = get(&mut root, &format!("{}?cols=type", AT.list(ObjectKind::GroupOfProbes)));
    assert!(groups.contains("does not know: cols."), "a list without optional columns");
}

#[test]
fn links_forms_and_the_way_back_keep_columns_and_size() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let list = format!("{}?tag=Production&o=-type&cols=type.parent&size=100", AT.list(ObjectKind::Metric));
    let page = get(&mut root, &list);
    let own: Vec<String> =
        links(&page).into_iter().filter(|link| link.starts_with(&AT.list(ObjectKind::Metric))).collect();
    // Links of rows lead to the object or, from a parent, to the list of that name.
    let shown = |link: &&String| link.contains('?') && !link.contains("_list") && !link.contains("?q=");
    for link in own.iter().filter(shown) {
        let has = |part: &str| link.contains(part);
        assert!(has("cols=type.parent"), "{link}");
        assert!(["size=100", "size=300", "size=all"].into_iter().any(has) || !has("size"), "{link}");
    }
    let id = ids(ObjectKind::Metric, &page)[0];
    let opened = own.iter().find(|link| link.starts_with(&AT.view(ObjectKind::Metric, id))).unwrap();
    assert!(links(&get(&mut root, opened)).contains(&list), "the breadcrumb leads back to {list}");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let layout = [pair("o", "-type"), pair("cols", "type.parent"), pair("size", "100")];
    assert_eq!(kept_by(&page, "tag"), layout);
    assert_eq!(kept_by(&page, "cols"), [pair("tag", "Production"), pair("o", "-type"), pair("size", "100")]);
    let cleared = links(&page).into_iter().find(|link| link.ends_with("?cols=type.parent&size=100"));
    assert!(cleared.is_some(), "“Clear all” removes search and filters only");
}

#[test]
fn a_list_is_not_sorted_by_a_column_that_is_switched_off() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let list = AT.list(ObjectKind::Metric);
    let page = get(&mut root, &format!("{list}?o=-type&size=100&cols=parent"));
    assert_eq!(ids(ObjectKind::Metric, &page), ids(ObjectKind::Metric, &get(&mut root, &list)));
    assert!(page.contains("aria-sort=\"ascending\"") && !page.contains("notice-line"), "{page}");
}

#[test]
fn a_page_has_as_many_rows_as_the_address_says() {
    let site = TestSite::new();
    site.sql("INSERT INTO egi.app_user (username, password) SELECT 'user' || n, '!' FROM generate_series(1, 1100) n");
    let mut root = site.browser("root");
    let list = AT.list(ObjectKind::CustUser);
    for (query, rows) in [("", 30), ("?size=30", 30), ("?size=100", 100), ("?size=300", 300), ("?size=all", 1000)] {
        let page = get(&mut root, &format!("{list}{query}"));
        assert_eq!(ids(ObjectKind::CustUser, &page).len(), rows, "{query}");
        assert_eq!(page.contains("at most 1,000 rows"), rows == 1000, "{query}");
        for size in ["", "?size=100", "?size=300", "?size=all"] {
            assert!(links(&page).contains(&format!("{list}{size}")), "{query}: a link to {size}");
        }
    }
    // “Show all” of POEM 2.3.
    assert_eq!(ids(ObjectKind::CustUser, &get(&mut root, &format!("{list}?all="))).len(), 1000);
    let last = get(&mut root, &format!("{list}?size=all&page=2"));
    assert!(ids(ObjectKind::CustUser, &last).len() > 100, "the rest is on the next page");
    let few = get(&mut root, &format!("{list}?size=all&q=user10"));
    assert!(!few.contains("at most 1,000 rows") && ids(ObjectKind::CustUser, &few).len() > 10);
    let short = get(&mut root, &AT.list(ObjectKind::GroupOfProbes));
    assert!(!links(&short).iter().any(|link| link.contains("size=")), "a short list offers no sizes");
}

/// Every list has them, also those without an entity.
#[test]
fn lists_without_an_entity_have_sizes() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    site.sql(
        "INSERT INTO egi.metric_name (name) SELECT 'x.Name-' || n FROM generate_series(1, 40) n;
         INSERT INTO egi.service_flavour (name) SELECT 'X-' || n FROM generate_series(1, 40) n;
         INSERT INTO egi.log_entry (action, object_name, message, username)
             SELECT 'add', 'x' || n, '', 'cron' FROM generate_series(1, 40) n",
    );
    for list in ["/poem/admin/poem/metricname/", "/poem/admin/poem/serviceflavour/", "/poem/admin/admin/logentry/"] {
        let rows = |page: &str| page.matches("<tr").count();
        let (short, long) = (get(&mut root, list), get(&mut root, &format!("{list}?size=100")));
        assert!(links(&short).contains(&format!("{list}?size=100")), "{list}");
        assert!(rows(&long) > rows(&short), "{list}");
    }
}
