//! Forbidden in templates: text that is not escaped, inline scripts and styles. The Content-Security-Policy blocks the
//! latter in the browser, without an error that a user would see.

use std::fs;
use std::path::Path;

/// Returns all templates: their paths below templates/ and their texts.
pub fn templates() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut left = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    assert!(found.len() > 15, "{}", found.len());
    found
}

/// Returns the event handlers of a text: attributes that begin with `on`, such as onclick="".
fn handlers(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| c.is_whitespace()).filter(|word| word.starts_with("on"));
    words.filter(|word| word.find('=').is_some_and(|place| word[..place].chars().all(char::is_alphabetic))).collect()
}

/// Fails if a template violates the rule.
fn check(name: &str, violates: impl Fn(&str) -> bool) {
    let violators: Vec<_> = templates().into_iter().filter(|(_, text)| violates(text)).map(|(path, _)| path).collect();
    assert_eq!(violators, [""; 0], "{name}");
}

#[test]
fn every_text_is_escaped() {
    check("marked as safe", |text| text.replace(' ', "").contains("|safe"));
    check("switches escaping in the template", |text| text.contains("autoescape"));
    let is_named = |(path, _): &(String, String)| path.ends_with(".html.tera");
    assert!(templates().iter().all(is_named), "only .html.tera is escaped");
}

#[test]
fn scripts_and_styles_are_files() {
    check("a style element", |text| text.contains("<style"));
    check("a style attribute", |text| text.contains(" style="));
    check("an inline script", |text| {
        text.matches("<script").count() != text.matches("<script type=\"module\" src=\"/static/").count()
    });
    check("an event handler", |text| !handlers(text).is_empty());
    check("a javascript: address", |text| text.contains("javascript:"));
}

#[test]
fn pages_load_only_existing_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scripts =
        fs::read_dir(root.join("static/js")).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let styles = fs::read_to_string(root.join("static/poem.css")).unwrap();
    let texts: Vec<_> = templates().into_iter().map(|(_, text)| text).chain(scripts).chain([styles]).collect();
    let mut found = 0;
    for address in texts.iter().flat_map(|text| text.split("/static/").skip(1)) {
        let address = address.split(['"', '\'', ')']).next().unwrap_or_default();
        assert!(root.join("static").join(address).is_file(), "/static/{address} does not exist");
        found += 1;
    }
    assert!(found > 5, "{found}");
}
