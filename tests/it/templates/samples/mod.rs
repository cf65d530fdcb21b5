//! Contents of every template, plain and extreme, for the test that renders them all and for looking at the pages.
//!
//! The plain ones are written down, a file a kind of page. The extreme ones are the same pages with every text
//! exchanged for one that tempts a template into a mistake.

mod forms;
mod lists;
mod others;
mod widgets;

use serde_json::Value;

use poem::templates::{Content, Crumb, Layout, Link, Message, Page, Tone, UserView};

/// A page, ready to be rendered.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Unlike every other's; fit for a file name.
    pub name: String,
    /// Below templates/, without `.html.tera`.
    pub template: &'static str,
    /// All that the template is given.
    pub given: Value,
}

impl Sample {
    fn new<C: Content>(name: &str, layout: Layout, content: C) -> Self {
        let given = Page::new(layout, content).as_json();
        Self { name: name.to_owned(), template: C::TEMPLATE, given }
    }
}

/// What stands in the place of every text.
const EXTREMES: [(&str, &str); 3] = [
    ("script", "</textarea>\"'><script>alert(1)</script>"),
    ("long", LONG),
    ("rtl", "شبكة المراقبة \u{202e}🛰️👩🏽‍🔬 שלום"),
];

/// 300 characters without a place to break.
const LONG: &str = "org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-never-breaks\
                    org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-never-breaks\
                    org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-never-breaks\
                    org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-";

/// What is no text: addresses, and the words that templates compare with or make names of.
const NO_TEXT: [&str; 20] = [
    "href",
    "action",
    "at",
    "csrf",
    "tone",
    "look",
    "input_type",
    "name",
    "sorted",
    "change",
    "only_if",
    "field",
    "iso",
    "reset",
    "compare",
    "suggestions",
    "login",
    "federated_href",
    "previous",
    "next",
];

/// Every sample: plain, then extreme.
pub fn samples() -> Vec<Sample> {
    let plain: Vec<_> = [forms::samples(), lists::samples(), others::samples()].concat();
    let extreme = EXTREMES.iter().flat_map(|(kind, text)| {
        // Many rows more tell nothing more.
        plain.iter().filter(|sample| !sample.name.ends_with("-large")).map(move |sample| {
            let mut given = sample.given.clone();
            exchange(&mut given, text);
            Sample { name: format!("{}-{kind}", sample.name), template: sample.template, given }
        })
    });
    plain.iter().cloned().chain(extreme).collect()
}

/// Puts `text` in the place of every text that is not empty.
fn exchange(value: &mut Value, text: &str) {
    match value {
        Value::String(old) if !old.is_empty() => text.clone_into(old),
        Value::Array(items) => items.iter_mut().for_each(|item| exchange(item, text)),
        Value::Object(fields) => {
            for (key, field) in fields {
                let is_address = NO_TEXT.contains(&key.as_str()) && !field.is_object();
                if !is_address && key != "at" {
                    exchange(field, text);
                }
            }
        }
        _ => {}
    }
}

/// A link that leads to a made-up place.
fn link(label: &str) -> Link {
    Link::new(label, format!("/poem/admin/{}/", label.to_lowercase().replace(' ', "-")))
}

/// Of a superuser, at a page below a room of the navigation.
fn layout(title: &str, room: &str) -> Layout {
    let rooms = ["Admin", "Profiles", "Services", "Probes", "Metrics", "Aggregations"];
    let above = Crumb { label: room.to_owned(), href: Some(link(room).href) };
    let here = Crumb { label: title.to_owned(), href: None };
    Layout {
        title: title.to_owned(),
        tenant: "egi".to_owned(),
        user: Some(UserView { username: "alice".to_owned(), is_superuser: true, groups: Vec::new() }),
        navigation: rooms.iter().map(|name| Link { current: *name == room, ..link(name) }).collect(),
        trail: [above, here].into_iter().filter(|crumb| !crumb.label.is_empty()).collect(),
        messages: Vec::new(),
        csrf: "0123456789abcdef0123456789abcdef".to_owned(),
        search: "/poem/admin/search/".to_owned(),
    }
}

/// Of somebody who may change what belongs to a group.
fn member(title: &str, room: &str) -> Layout {
    let groups = ["probes: ARGO", "metrics: ARGO, SSC", "profiles: ARGO"].map(str::to_owned).to_vec();
    let mut layout = layout(title, room);
    layout.user = Some(UserView { username: "carol".to_owned(), is_superuser: false, groups });
    layout.navigation.remove(0);
    layout
}

/// Of a public page: nobody is logged in.
fn public(title: &str, room: &str) -> Layout {
    let layout = layout(title, room);
    let navigation = layout.navigation.into_iter().skip(1).take(4).collect();
    Layout { user: None, navigation, search: String::new(), csrf: String::new(), ..layout }
}

/// Of the login page.
fn outside(title: &str) -> Layout {
    Layout {
        title: title.to_owned(),
        tenant: "egi".to_owned(),
        csrf: "0123456789abcdef".to_owned(),
        ..Layout::default()
    }
}

fn saying(layout: Layout, tone: Tone, text: &str) -> Layout {
    Layout { messages: vec![Message { tone, text: text.to_owned() }], ..layout }
}
