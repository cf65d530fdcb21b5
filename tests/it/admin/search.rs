//! The search over everything, of users and of visitors.

use poem::domain::model::object_kind::ObjectKind;

use super::page::links;
use super::{AT, TestSite, get};
use crate::support::cluster::queries;

const SEARCH: &str = "/poem/admin/search/";
const PUBLIC_SEARCH: &str = "/poem/admin/poem/public_search/";

/// Returns the address that the search in the header is sent to; `None` without a search.
fn search_of(page: &str) -> Option<String> {
    let form = page.split_once("class=\"everything\"")?.1;
    Some(form.split_once("action=\"")?.1.split('"').next()?.replace("&#x2F;", "/"))
}

/// Returns the text of a page without its tags.
fn plain(page: &str) -> String {
    page.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
}

#[test]
fn results_say_where_they_were_found_and_mark_the_words() {
    let site = TestSite::new();
    site.sql(
        "INSERT INTO egi.metric_setting (metric_id, section, position, key, value) VALUES
            (1, 'parameter', 90, '-f', 'frobnicate'), (1, 'flags', 91, 'OBSESS', '1');
         UPDATE egi.metric SET metric_type_id = (SELECT id FROM egi.metric_type WHERE name = 'Passive') WHERE id = 1",
    );
    let mut root = site.browser("root");
    let page = get(&mut root, &format!("{SEARCH}?q=frobNICATE"));
    assert!(page.contains("in parameter <code>-f</code>") && page.contains("<mark>frobnicate</mark>"), "{page}");
    assert!(plain(&get(&mut root, &format!("{SEARCH}?q=obsess"))).contains("in flag OBSESS"));
    assert!(plain(&get(&mut root, &format!("{SEARCH}?q=passive"))).contains("in type Passive"));
    let page = get(&mut root, &format!("{SEARCH}?q=root"));
    assert!(page.contains("<mark>root</mark>"), "{page}");
}

#[test]
fn every_place_has_words() {
    let site = TestSite::new();
    site.sql(
        "INSERT INTO egi.metric_setting (metric_id, section, position, key, value)
         SELECT 1, section, 95, 'wordsearch', '' FROM unnest(ARRAY['config', 'attribute', 'dependency', 'parameter', 'flags',
             'file_attribute', 'file_parameter']) section;
         UPDATE egi.probe SET version = 'wordversion', description = 'worddescription', repository = 'wordrepository',
             docurl = 'worddocurl', comment = 'wordcomment';
         UPDATE egi.profile SET vo = 'wordvo';
         UPDATE egi.metric SET parent = 'wordparent', executable = 'wordexecutable' WHERE id = 1",
    );
    let rows = site.sql(
        "SELECT DISTINCT ON (place) regexp_replace(concat_ws(' ', key, text), '[^A-Za-z0-9_]+', '+', 'g')
         FROM egi.object_text WHERE place <> 'person' ORDER BY place, length(text) DESC",
    );
    assert!(rows.len() >= 18, "{rows:?}");
    let mut root = site.browser("root");
    for text in rows {
        let page = get(&mut root, &format!("{SEARCH}?q={}", text.trim_matches('+')));
        assert!(page.contains("<span class=\"place\">in "), "{text}: {page}");
        assert!(!page.contains("<span class=\"place\"><"), "{text}: {page}");
    }
}

#[test]
fn all_results_of_a_kind_are_shown_page_by_page() {
    let site = TestSite::new();
    site.sql(
        "INSERT INTO egi.metric_name (name) SELECT 'many.' || n FROM generate_series(100, 170) n;
         INSERT INTO egi.metric (metric_name_id, tag_id, metric_type_id, executable)
             SELECT id, 1, 1, 'severalhundred' FROM egi.metric_name WHERE name LIKE 'many.%'",
    );
    for (mut browser, address) in [(site.browser("nobody"), SEARCH), (site.stranger(), PUBLIC_SEARCH)] {
        let first = get(&mut browser, &format!("{address}?q=severalhundred"));
        assert!(first.contains("Show all 71 metrics"), "{first}");
        let all = format!("{address}?q=severalhundred&kind=metric");
        assert!(links(&first).contains(&all), "{:?}", links(&first));
        let is_object = |link: &String| {
            link.trim_end_matches("change/").ends_with('/') && link.split('/').any(|part| part.parse::<i64>().is_ok())
        };
        let of_page = |page: &str| links(page).into_iter().filter(is_object).collect::<Vec<_>>();
        let mut seen = Vec::new();
        for number in 1..=3 {
            let page = get(&mut browser, &format!("{all}&page={number}"));
            assert_eq!(page.contains("rel=\"next\""), number < 3, "{page}");
            seen.extend(of_page(&page));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 71, "{address}");
        let page = get(&mut browser, &format!("{all}&page=99"));
        assert_eq!(of_page(&page).len(), 11, "after the end, the last page");
        for odd in [
            "kind=x",
            "kind=custuser",
            "page=x",
            "page=-1",
            "page=99999999999999999999",
            "kind=metric&page=0",
            "kind=vo",
        ] {
            get(&mut browser, &format!("{address}?q=e&{odd}"));
        }
    }
}

#[test]
fn the_public_search_finds_what_public_pages_show() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    // All public objects, and every text that was found.
    for text in ["a", "e", "1", "check", "probe", "passive"] {
        let page = get(&mut stranger, &format!("{PUBLIC_SEARCH}?q={text}"));
        let sections = page.split("<section class=\"findings\"").skip(1);
        let results = sections.filter_map(|rest| rest.split("</section>").next()).collect::<String>();
        let found: Vec<_> = results.split("<li>").skip(1).collect();
        assert!(!found.is_empty(), "{text}: {page}");
        for hit in found {
            let address = links(hit)[0].clone();
            assert!(address.starts_with("/poem/admin/poem/public_"), "{address}");
            let shown = get(&mut stranger, &address);
            for place in hit.split("<span class=\"value\">").skip(1) {
                let value = plain(&format!("<x>{}", place.split("</span>").next().unwrap()));
                // Tuples are several cells.
                for part in value.split(", ") {
                    assert!(plain(&shown).contains(part.trim()), "{address} does not show {part}: {shown}");
                }
            }
        }
    }
}

#[test]
fn the_public_search_finds_neither_users_nor_keys_nor_groups() {
    let site = TestSite::new();
    site.sql("UPDATE egi.probe SET changed_by = 'frobnicator'; UPDATE egi.version SET username = 'frobnicator'");
    for mut browser in [site.stranger(), site.browser("root")] {
        for nothing in ["frobnicator", "neighbour", "carol", "WEB-API", "ARGO%20ssc"] {
            let page = get(&mut browser, &format!("{PUBLIC_SEARCH}?q={nothing}"));
            assert!(page.contains("No results for"), "{nothing}: {page}");
        }
        for kind in ["custuser", "apikey", "groupofprobes", "aggregation", "vo"] {
            let page = get(&mut browser, &format!("{PUBLIC_SEARCH}?q=o&kind={kind}"));
            assert!(page.contains("No results for"), "{kind}: {page}");
        }
    }
}

#[test]
fn public_pages_have_the_public_search() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    for kind in ObjectKind::all().filter(|kind| kind.info().is_public) {
        let page = get(&mut stranger, &format!("/poem/admin/poem/public_{kind}/"));
        assert_eq!(search_of(&page).as_deref(), Some(PUBLIC_SEARCH), "{page}");
    }
    assert_eq!(search_of(&get(&mut stranger, "/poem/admin/login/")), None);
    let inside = get(&mut site.browser("nobody"), &AT.list(ObjectKind::Probe));
    assert_eq!(search_of(&inside).as_deref(), Some(SEARCH), "{inside}");
}

#[test]
fn a_public_search_is_cached_until_the_data_change() {
    let site = TestSite::new();
    let mut stranger = site.stranger();
    let mut made = |address: &str| {
        queries(&site.installation.database, || {
            get(&mut stranger, &format!("{PUBLIC_SEARCH}?{address}"));
        })
        .len()
    };
    assert!(made("q=cert") > 0);
    for same in ["q=cert", "q=+cert+", "q=cert&x=1", "x=y&q=cert&page=3", "q=cert&kind=nonsense"] {
        assert_eq!(made(same), 0, "{same}");
    }
    assert!(made("q=cert&kind=metric") > 0);
    site.sql("UPDATE egi.metric SET executable = 'frobnicate' WHERE id = 1");
    let page = get(&mut site.stranger(), &format!("{PUBLIC_SEARCH}?q=frobnicate"));
    assert!(page.contains("<mark>frobnicate</mark>"), "{page}");
}

#[test]
fn a_search_has_bounds() {
    let site = TestSite::new();
    let words: Vec<String> = (0..40).map(|number| format!("w{number}")).collect();
    for long in [words.join("+"), "x".repeat(5000)] {
        for (mut browser, address) in [(site.browser("root"), SEARCH), (site.stranger(), PUBLIC_SEARCH)] {
            let page = get(&mut browser, &format!("{address}?q={long}"));
            assert!(page.contains("its end is ignored"), "{page}");
        }
    }
}
