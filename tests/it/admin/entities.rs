//! The pages of every entity, as its declaration defines them.

use poem::admin::crud::{EntityOptions, FilterSource};
use poem::domain::model::object_kind::ObjectKind;

use super::fixtures::Fixture;
use super::page::{Control, Form, elements, links};
use super::{AT, TestSite, add, all, flash, get, id_of, ids, open, save, submit};
use crate::support::Browser;

#[test]
fn declarations_are_complete() {
    for (entity, fixture) in all() {
        entity.check().unwrap_or_else(|error| panic!("{}: {error}", fixture.kind));
        let options = entity.options();
        assert_eq!(options.kind, fixture.kind);
        let default = options.list.default_sort.trim_start_matches('-');
        assert!(options.list.columns.iter().any(|column| column.key == default), "{}", fixture.kind);
    }
}

/// Returns the number of objects that the list states.
#[track_caller]
fn count(page: &str) -> usize {
    let element = elements(page).into_iter().find(|element| element.get("class") == Some("count")).expect("a count");
    let words = element.text.trim().to_owned();
    if words == "None" {
        return 0;
    }
    let number = words.split(' ').filter_map(|word| word.parse().ok()).next_back();
    number.unwrap_or_else(|| panic!("no number: {words}"))
}

/// Returns sort keys for the cells of a column: a number by its value, a text without case (“Yes” comes after “No”), and
/// “Never” as a time before all others.
fn cells(page: &str, column: usize) -> Vec<(i64, String, String)> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut is_cell = false;
    for element in elements(page) {
        match (element.name.as_str(), element.get("role")) {
            ("tr", _) => rows.push(Vec::new()),
            (_, Some("rowheader" | "cell")) if element.get("class") != Some("tick") => {
                is_cell = true;
                rows.last_mut().expect("a row").push(String::new());
            }
            ("/th" | "/td", _) => is_cell = false,
            _ => {}
        }
        if is_cell && let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
            *cell += element.text.trim();
        }
    }
    let texts = rows.into_iter().filter(|row| !row.is_empty()).map(|mut row| row.swap_remove(column));
    let texts = texts.map(|text| if text == "Never" { String::new() } else { text });
    texts.map(|text| (text.parse().unwrap_or(0), text.to_lowercase(), text)).collect()
}

#[test]
fn lists_are_sorted_by_every_column_both_ways() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all() {
        for number in 1..=2 {
            add(&mut root, fixture, number, "ARGO");
        }
        let list = AT.list(fixture.kind);
        let all = count(&get(&mut root, &list));
        let optional = entity.options().list.columns.iter().filter(|column| column.is_optional);
        let cols = optional.map(|column| column.key).collect::<Vec<_>>().join(".");
        // Without optional columns, `cols` is no parameter of the list.
        let cols = if cols.is_empty() { cols } else { format!("&cols={cols}") };
        for column in entity.options().list.columns.iter().filter(|column| !column.key.is_empty()) {
            let [up, down] = ["", "-"].map(|sign| get(&mut root, &format!("{list}?o={sign}{}{cols}", column.key)));
            let sorted = |page: &str| {
                let heading = elements(page).into_iter().skip_while(|element| element.get("aria-sort").is_none());
                let heading: Vec<_> = heading.take(2).collect();
                (heading[0].get("aria-sort").unwrap().to_owned(), heading[1].text.clone())
            };
            assert_eq!(sorted(&up), ("ascending".to_owned(), column.label.to_owned()), "{list}");
            assert_eq!(sorted(&down), ("descending".to_owned(), column.label.to_owned()), "{list}");
            assert_eq!((count(&up), count(&down)), (all, all), "{list}");
            let number = entity.options().list.columns.iter().position(|other| other.key == column.key).unwrap();
            assert_eq!(cells(&up, number).len(), all.min(30), "{list}");
            assert!(cells(&up, number).is_sorted(), "{list}?o={}: {:?}", column.key, cells(&up, number));
            assert!(cells(&down, number).is_sorted_by(|a, b| a >= b), "{list}?o=-{}", column.key);
            let old = get(&mut root, &format!("{list}?o=-{}.1{cols}", number + 1));
            assert_eq!(cells(&old, number), cells(&down, number), "{list}: the sort parameter of POEM 2.3");
        }
        let first = entity.options().list.columns[0];
        if all <= 30 {
            let [up, mut down] =
                ["", "-"].map(|sign| ids(fixture.kind, &get(&mut root, &format!("{list}?o={sign}{}", first.key))));
            down.reverse();
            assert_eq!(up, down, "{list}: names are unique, so one order is the reverse of the other");
        }
        check_odd_queries(&mut root, &list, all);
    }
}

/// An invalid parameter is ignored, or the list is empty.
fn check_odd_queries(browser: &mut Browser<'_>, list: &str, all: usize) {
    for query in [
        "o=nothing",
        "o=",
        "o=--name",
        "o=0",
        "o=99.-0",
        "o=1.-2",
        "o=-",
        "p=0",
        "p=-1",
        "p=x",
        "p=99999999999999999999",
        "p=2147483648",
        "nothing=1",
        "size=31",
        "size=",
        "size=-1",
        "all",
        "cols=",
        "cols=password.%00.name",
        "o=name&o=x",
        "q=&group=",
        "%FF=%FF",
        "&&=&",
    ] {
        let page = get(browser, &format!("{list}?{query}"));
        assert_eq!(count(&page), all, "{list}?{query}");
    }
    for query in [
        "q=no+object+is+called+so",
        "q=%25%25",
        "q=%27+OR+1=1+--",
        "q=%00x%00y",
        "q=%3Cscript%3E",
        "q=%E2%80%AE%F0%9F%98%80",
    ] {
        let page = get(browser, &format!("{list}?{query}"));
        assert_eq!(count(&page), 0, "{list}?{query}");
        assert!(!page.contains("<script>"), "{list}?{query}");
    }
}

#[test]
fn lists_are_filtered_searched_and_paged() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all() {
        // Together with the existing objects more than a page. Every user costs a password hash: a few are enough.
        let added = if fixture.kind == ObjectKind::CustUser { 3 } else { 31 };
        site.sql("UPDATE egi.api_key SET created = '2019-03-01 12:00Z'");
        for number in 1..=added {
            add(&mut root, fixture, number, "ARGO");
        }
        let list = AT.list(fixture.kind);
        let all = get(&mut root, &list);
        check_search(&mut root, fixture, &list, added);
        for filter in entity.options().list.filters {
            let choices = choices(&all, filter.name);
            let mut sum = 0;
            for choice in choices.iter().filter(|choice| !choice.is_empty()) {
                let pairs = form_urlencoded::Serializer::new(String::new()).append_pair(filter.name, choice).finish();
                let page = get(&mut root, &format!("{list}?{pairs}"));
                assert!(page.contains("class=\"on\""), "{list}?{pairs}: the active filter is shown");
                sum += count(&page);
            }
            if let FilterSource::Needs(needs) = filter.source {
                assert_eq!(choices.len(), needs.len() + 1, "{list}: {choices:?}");
            } else if filter.source == FilterSource::Since {
                // Past 7 days, this month and this year include today: the sum would count an object several times.
                assert_eq!(count(&get(&mut root, &format!("{list}?{}=today", filter.name))), added, "{list}");
            } else {
                assert_eq!(sum, count(&all), "{list}: every object has one choice of {}", filter.name);
            }
            let odd = get(&mut root, &format!("{list}?{}=nothing%20bears%20this", filter.name));
            let is_fixed = filter.source.fixed().is_some();
            assert_eq!(count(&odd), if is_fixed { count(&all) } else { 0 }, "{list}: {}", filter.name);
            assert_eq!(
                odd.contains("class=\"on\""),
                !is_fixed,
                "{list}: a filter without effect is not shown as active"
            );
        }
        if added == 31 {
            check_paging(&mut root, entity.options(), &list, count(&all));
        }
    }
}

/// Returns the values of a filter.
fn choices(page: &str, name: &str) -> Vec<String> {
    let elements = elements(page);
    let select = elements.iter().position(|element| element.name == "select" && element.get("name") == Some(name));
    let options = elements[select.unwrap_or_else(|| panic!("no filter {name}"))..].iter();
    let options = options.take_while(|element| element.name != "/select").filter(|element| element.name == "option");
    options.map(|option| option.get("value").unwrap_or_default().to_owned()).collect()
}

/// Finds objects by name, case-insensitively, and by a part of the name.
fn check_search(browser: &mut Browser<'_>, fixture: &Fixture, list: &str, added: usize) {
    let key = fixture.key(2);
    id_of(browser, fixture, &key);
    id_of(browser, fixture, &key.to_uppercase());
    let stem = key.split('2').next().unwrap();
    assert_eq!(count(&get(browser, &format!("{list}?q={stem}"))), added, "{list}");
}

/// Goes through all pages of a list: the sort order is kept, and each object is on exactly one page.
fn check_paging(browser: &mut Browser<'_>, options: &EntityOptions, list: &str, all: usize) {
    let mut seen = Vec::new();
    let mut address = format!("{list}?o=-{}", options.list.columns[0].key);
    loop {
        let page = get(browser, &address);
        assert_eq!(count(&page), all, "{address}");
        seen.extend(ids(options.kind, &page));
        let next = elements(&page).into_iter().find(|element| element.get("rel") == Some("next"));
        let Some(next) = next else { break };
        address = next.get("href").unwrap().to_owned();
        assert!(address.contains("o=-"), "{address}");
    }
    assert_eq!(seen.len(), all, "{list}");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all, "{list}");
    let last = get(browser, &format!("{list}?p=1000"));
    assert!(!ids(options.kind, &last).is_empty(), "{list}: a page beyond the last is the last");
}

#[test]
fn objects_are_added_changed_and_deleted() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (entity, fixture) in all() {
        let options = entity.options();
        let id = add(&mut root, fixture, 1, "ARGO");
        let log = |site: &TestSite| {
            site.sql(&format!(
                "SELECT action, username FROM egi.log_entry WHERE object_kind = '{}' AND object_id = '{id}' ORDER BY id",
                fixture.kind
            ))
        };
        assert_eq!(log(&site), ["add|root"], "{}", fixture.kind);
        save_unchanged(&site, &mut root, fixture, id);
        assert_eq!(log(&site), ["add|root"], "{}: nothing was changed", fixture.kind);
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        let page = save(&mut root, &form);
        assert!(flash(&page).contains("was changed. Changed "), "{}", flash(&page));
        assert_eq!(log(&site), ["add|root", "change|root"], "{}", fixture.kind);
        let form = open(&mut root, &AT.change(fixture.kind, id));
        assert_eq!(form.value(fixture.change.0), fixture.change.1[0], "{}", fixture.kind);
        let history = get(&mut root, &AT.history(fixture.kind, id));
        assert!(history.contains("Changed ") && history.contains("root"), "{history}");
        delete(&site, &mut root, options, id);
        assert_eq!(log(&site), ["add|root", "change|root", "delete|root"], "{}", fixture.kind);
    }
}

/// Saves a form without a change: nothing is written, and the page says so.
fn save_unchanged(site: &TestSite, browser: &mut Browser<'_>, fixture: &Fixture, id: i64) {
    let mut form = open(browser, &AT.change(fixture.kind, id));
    // Otherwise a new version would be saved.
    if matches!(form.get("new_version"), Some(Control::Checkbox { .. })) {
        form.set("new_version", "");
    }
    let versions = site.versions(fixture.kind, id);
    let page = save(browser, &form);
    assert!(flash(&page).contains("No changes to save."), "{}: {}", fixture.kind, flash(&page));
    assert_eq!(site.versions(fixture.kind, id), versions, "{}", fixture.kind);
    let revision = open(browser, &AT.change(fixture.kind, id)).value("_revision").to_owned();
    assert_eq!(form.value("_revision"), revision, "{}", fixture.kind);
}

/// Deletes an object by its confirmation page; afterwards all its addresses are gone.
fn delete(site: &TestSite, browser: &mut Browser<'_>, options: &EntityOptions, id: i64) {
    let kind = options.kind;
    let address = AT.delete(kind, id);
    let page = get(browser, &address);
    assert!(page.contains("Delete") && Form::read(&page).is_none());
    // To open the confirmation deletes nothing.
    get(browser, &AT.change(kind, id));
    let answer = browser.post(&address, &[]);
    assert_eq!((answer.status, answer.header("Location")), (303, Some(AT.list(kind).as_str())), "{address}");
    let page = get(browser, &AT.list(kind));
    assert!(flash(&page).contains("was deleted."), "{}", flash(&page));
    assert!(!ids(kind, &page).contains(&id));
    for gone in
        [AT.view(kind, id), AT.change(kind, id), AT.delete(kind, id), AT.history(kind, id), AT.clone_of(kind, id)]
    {
        assert_eq!(browser.get(&gone).status, 404, "{gone}");
        // The confirmation, sent twice, leads where it led; see `sent_twice`.
        let expected = if gone == address { 303 } else { 404 };
        assert_eq!(browser.post(&gone, &[("_revision", "1")]).status, expected, "{gone}");
    }
    // Its log entries have no link.
    let entry = site.one(&format!("SELECT max(id) FROM egi.log_entry WHERE object_kind = '{kind}'"));
    let page = get(browser, &format!("/poem/admin/admin/logentry/{entry}/change/"));
    assert!(!links(&page).iter().any(|link| link.starts_with(&AT.view(kind, id))), "{page}");
}

#[test]
fn save_and_continue_leads_back_to_the_form() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    for (_, fixture) in all().filter(|(_, fixture)| fixture.kind != ObjectKind::ApiKey) {
        let mut form = open(&mut root, &AT.addition(fixture.kind));
        fixture.fill(&mut form, 1, "ARGO");
        form.controls.push(("_continue".to_owned(), Control::Hidden("1".to_owned())));
        let answer = submit(&mut root, &form);
        let id = id_of(&mut root, fixture, &fixture.key(1));
        assert_eq!(answer.header("Location"), Some(AT.change(fixture.kind, id).as_str()), "{}", fixture.kind);
        let mut form = open(&mut root, &AT.change(fixture.kind, id));
        form.set(fixture.change.0, fixture.change.1[0]);
        form.controls.push(("_continue".to_owned(), Control::Hidden("1".to_owned())));
        assert_eq!(submit(&mut root, &form).header("Location"), Some(AT.change(fixture.kind, id).as_str()));
    }
}

/// In 2.3 a superuser could add nothing until a group existed.
#[test]
fn a_superuser_can_add_objects_before_any_group_exists() {
    let site = TestSite::new();
    site.sql(
        "TRUNCATE egi.group_member; UPDATE egi.probe SET group_id = NULL; UPDATE egi.profile SET group_id = NULL;
        UPDATE egi.aggregation SET group_id = NULL; UPDATE egi.metric SET group_id = NULL;
        UPDATE egi.metric_name SET group_id = NULL; DELETE FROM egi.object_group",
    );
    let mut root = site.browser("root");
    // A metric always belongs to a group.
    for (_, fixture) in all().filter(|(_, fixture)| fixture.kind != ObjectKind::Metric) {
        add(&mut root, fixture, 1, "");
    }
}

/// A token is shown once, on the page that follows, and is stored nowhere, not even in a cookie.
#[test]
fn the_token_of_a_key_is_shown_once() {
    let site = TestSite::new();
    let mut root = site.browser("root");
    let mut form = open(&mut root, &AT.addition(ObjectKind::ApiKey));
    form.set("client", "NEW-CLIENT");
    let answer = submit(&mut root, &form);
    let page = answer.text();
    assert!(answer.status == 200 && page.contains("shown only once"), "{answer:?}");
    let elements = elements(&page);
    let token = elements.iter().find(|element| element.get("id") == Some("secret")).expect("the token").text.clone();
    assert_eq!(site.server.get_with_key("/poem/api/v2/metrics/", &token).status, 200);
    assert!(answer.headers("Set-Cookie").all(|cookie| !cookie.contains(&token)), "{answer:?}");
    assert!(!site.installation.log().contains(&token));
    let id = id_of(&mut root, super::fixtures::of(ObjectKind::ApiKey), "NEW-CLIENT");
    for address in [AT.list(ObjectKind::ApiKey), AT.change(ObjectKind::ApiKey, id), AT.history(ObjectKind::ApiKey, id)]
    {
        assert!(!get(&mut root, &address).contains(&token), "{address}");
    }
    // A reload in the browser submits the form again; that must not create a second key.
    let again = submit(&mut root, &form);
    assert!(again.status == 200 && again.text().contains("The key was made a moment ago"), "{again:?}");
    assert!(!again.text().contains("shown only once"), "{again:?}");
    assert_eq!(site.one("SELECT count(*) FROM egi.api_key WHERE client = 'NEW-CLIENT'"), "1");
}
