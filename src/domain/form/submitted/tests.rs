//! Tests of drafts: reading, parsing, and the values that a change keeps.

use super::*;
use crate::domain::form::field::Choices;
use crate::domain::form::validation_error::words;

#[derive(Debug, Clone, Default, PartialEq)]
struct Thing {
    name: String,
    kind: String,
    friends: Vec<String>,
    url: String,
    on: bool,
    rows: Vec<RowValues>,
}

const COLUMNS: &[RowColumn] = &[
    RowColumn { name: "key", label: "Key", max: 5, required: true, is_key: true, suggestions: None },
    RowColumn { name: "value", label: "Value", max: 5, required: false, is_key: false, suggestions: None },
];

type F = Field<Thing>;

static FIELDS: [F; 6] = [
    F::line("name", "Name", 5, |t| &t.name, |t, v| t.name = v).required(),
    F::line("url", "URL", 20, |t| &t.url, |t, v| t.url = v).shaped(Shape::Url),
    F::flag("on", "On", |t| t.on, |t, v| t.on = v),
    F::choice("kind", "Kind", Choices::Tags, |t| &t.kind, |t, v| t.kind = v),
    F::new(
        "friends",
        "Friends",
        Kind::Picks { source: Choices::Users, max: 3, get: |t| &t.friends, set: |t, v| t.friends = v },
    ),
    F::new(
        "rows",
        "Rows",
        Kind::Rows { columns: COLUMNS, fixed: &["path"], max_rows: 3, get: |t| t.rows.clone(), set: |t, v| t.rows = v },
    ),
];

fn read(pairs: &[(&str, &str)]) -> Draft {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Draft::read(&FIELDS, &Thing::default(), &pairs).unwrap()
}

#[test]
fn a_form_becomes_content_and_back() {
    let draft = read(&[
        ("name", "x"),
        ("name", " ä "),
        ("on", "on"),
        ("rows-10-key", "b"),
        ("rows-2-key", "a"),
        ("rows-2-value", "1"),
        ("rows-3-key", ""),
        ("rows-x-key", "?"),
        ("unknown", "?"),
    ]);
    let thing = draft.parse(&FIELDS, Thing::default()).unwrap();
    let rows = vec![vec!["a".to_owned(), "1".into()], vec!["b".into(), String::new()]];
    assert_eq!(thing, Thing { name: "ä".into(), on: true, rows, ..Thing::default() });
    let shown = Draft::of(&FIELDS, &thing);
    assert_eq!(shown.rows("rows")[0], ["path", ""]);
    assert_eq!(shown.text("name"), "ä");
}

#[test]
fn every_error_is_at_its_place() {
    let draft = read(&[("name", "  "), ("url", "javascript:alert(1)"), ("rows-7-value", "1234567\u{1}")]);
    let errors = draft.parse(&FIELDS, Thing::default()).unwrap_err();
    assert_eq!(errors.of(Place::Field("name")), [words::REQUIRED]);
    assert_eq!(errors.of(Place::Field("url")), [words::NO_URL]);
    let cell = |column| Place::Cell { field: "rows", row: 0, column };
    assert_eq!(errors.of(cell("key")), [words::REQUIRED]);
    let too_long = "Ensure this value has at most 5 characters (it has 8).";
    let control = "Control characters are not allowed: U+0001 in line 1, column 8.";
    assert_eq!(errors.of(cell("value")), [too_long, control]);
}

#[test]
fn what_is_unchanged_keeps_its_value_and_is_not_checked() {
    let odd = |text: &str| format!("{text}\u{1}too long for this");
    let before = Thing {
        name: odd(" "),
        url: "git://x\n".into(),
        friends: vec!["a\nb".into()],
        rows: vec![vec![odd("k"), odd("v")], vec!["\u{200b}".into(), "x\ny".into()]],
        ..Thing::default()
    };
    // A browser removes line ends of inputs, and sends those of choices as CRLF.
    let mut pairs = vec![("name", odd(" ")), ("url", "git://x".into()), ("friends", "a\r\nb".into())];
    pairs.extend([("rows-0-key", "path".into()), ("rows-1-key", odd("k")), ("rows-1-value", odd("v"))]);
    pairs.extend([("rows-2-key", "\u{200b}".into()), ("rows-2-value", "xy".into())]);
    // More rows than the form of a new object may have.
    let held = Thing { rows: vec![vec![String::new(); 2]; 9], ..Thing::default() };
    let typed = |pairs: &[(&str, String)]| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Draft::read(&FIELDS, &held, &pairs).unwrap()
    };
    assert_eq!(typed(&pairs).parse_change(&FIELDS, before.clone()).unwrap(), before);
    // Only the new row is checked.
    pairs.push(("rows-3-key", "b".into()));
    pairs.push(("on", "on".into()));
    let after = typed(&pairs).parse_change(&FIELDS, before.clone()).unwrap();
    assert_eq!((&after.rows[1..3], after.rows[3][0].as_str(), after.on), (&before.rows[..], "b", true));
    pairs.push(("rows-4-key", "\u{2}".into()));
    assert_eq!(typed(&pairs).parse_change(&FIELDS, before).unwrap_err().errors.len(), 1);
}

#[test]
fn a_form_above_a_bound_is_refused_unless_the_object_exceeds_it() {
    let rows = |count: usize| (0..count).map(|row| (format!("rows-{row}-key"), "a".to_owned())).collect::<Vec<_>>();
    let picks = |count: usize| (0..count).map(|pick| ("friends".to_owned(), pick.to_string())).collect::<Vec<_>>();
    let read = |held: &Thing, pairs: Vec<_>| Draft::read(&FIELDS, held, &pairs).map_err(|error| error.to_string());
    let blank = Thing::default();
    assert!(read(&blank, rows(3)).is_ok() && read(&blank, picks(3)).is_ok());
    let refused = "Rows: 4 rows, but at most 3 are allowed.";
    assert_eq!(read(&blank, rows(4)), Err(refused.to_owned()));
    assert_eq!(read(&blank, picks(4)), Err("Friends: 4 choices, but at most 3 are allowed.".to_owned()));
    let held = Thing {
        rows: vec![vec!["a".to_owned(), String::new()]; 5],
        friends: (0..4).map(|pick| pick.to_string()).collect(),
        ..Thing::default()
    };
    assert!(read(&held, rows(5)).is_ok() && read(&held, picks(4)).is_ok());
    // The row of a fixed key comes in addition to those that the object has.
    assert!(read(&held, rows(7)).is_err() && read(&held, picks(5)).is_err());
    // Blank rows and names that are no fields count only as fields of the form.
    let blank_rows = |count: usize| (0..count).map(|row| (format!("rows-{row}-key"), String::new())).collect();
    assert!(read(&blank, blank_rows(100)).is_ok());
    assert!(read(&blank, blank_rows(1000)).unwrap_err().starts_with("The form has 1000 fields"));
}

#[test]
fn a_choice_with_control_characters_is_refused() {
    let draft = read(&[("name", "x"), ("kind", "a\0b"), ("friends", "alice"), ("friends", "\n")]);
    let errors = draft.parse(&FIELDS, Thing::default()).unwrap_err();
    assert_eq!(errors.of(Place::Field("kind")), [words::NO_CHOICE]);
    assert_eq!(errors.of(Place::Field("friends")), [words::NO_CHOICE]);
}
