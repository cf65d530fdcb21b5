//! Sample contents for every template, plain and extreme: for the test that renders them all, and to look at the pages.
//!
//! The plain samples are written by hand, one file for each kind of page. The extreme samples are the same pages with
//! every text replaced by one that provokes mistakes in a template.

mod aggregations;
mod federated;
mod forms;
mod lists;
mod others;
mod reading;
mod views;
mod widgets;

use serde_json::Value;

use poem::domain::web::branding::{Branding, TenantIcon};
use poem::domain::web::footer::Footer;
use poem::templates::object_tabs::{ObjectTab, ObjectTabs};
use poem::templates::{Content, Crumb, Layout, Link, Message, MessageNote, Page, Severity, UserView};

/// The content of a page.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Unique; also the name of the rendered file.
    pub name: String,
    /// The path below templates/, without `.html.tera`.
    pub template: &'static str,
    /// The variables of the template.
    pub given: Value,
}

impl Sample {
    fn new<C: Content>(name: &str, layout: Layout, content: C) -> Self {
        let given = Page::new(layout, content).as_json();
        Self { name: name.to_owned(), template: C::TEMPLATE, given }
    }
}

/// The names of the extremes, and the text that replaces every other.
const EXTREMES: [(&str, &str); 3] = [
    ("script", "</textarea>\"'><script>alert(1)</script>"),
    ("long", LONG),
    ("rtl", "شبكة المراقبة \u{202e}🛰️👩🏽‍🔬 שלום"),
];

/// 300 characters without an opportunity to break the line.
const LONG: &str = "org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-never-breaks\
                    org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-never-breaks\
                    org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-never-breaks\
                    org.nordugrid.ARC-CE-SRM-result-ops-of-a-name-that-never-ends-and-";

/// Fields that are not replaced: addresses, and values that templates compare or use in names.
const NO_TEXT: [&str; 29] = [
    "color",
    "icon",
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
    "idp_logout",
    "previous",
    "next",
    "logo",
    "part",
    "offered_by",
    "joined_by",
    "undo",
    "current",
];

/// Returns every sample: the plain ones, then the extreme ones.
pub fn samples() -> Vec<Sample> {
    let plain: Vec<_> = [
        aggregations::samples(),
        federated::samples(),
        forms::samples(),
        lists::samples(),
        others::samples(),
        reading::samples(),
        views::samples(),
    ]
    .concat();
    let extreme = EXTREMES.iter().flat_map(|(kind, text)| {
        // Extreme texts in more rows would test nothing new.
        plain.iter().filter(|sample| !sample.name.ends_with("-large")).map(move |sample| {
            let mut given = sample.given.clone();
            replace_texts(&mut given, text);
            Sample { name: format!("{}-{kind}", sample.name), template: sample.template, given }
        })
    });
    plain.iter().cloned().chain(extreme).collect()
}

/// Replaces every non-empty text by `text`, except [`NO_TEXT`].
fn replace_texts(value: &mut Value, text: &str) {
    match value {
        Value::String(old) if !old.is_empty() => text.clone_into(old),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_texts(item, text)),
        Value::Object(fields) => {
            for (key, field) in fields {
                let is_address = NO_TEXT.contains(&key.as_str()) && !field.is_object();
                if !is_address && key != "at" {
                    replace_texts(field, text);
                }
            }
        }
        _ => {}
    }
}

/// Returns a link to an invented address.
fn link(label: &str) -> Link {
    Link::new(label, format!("/poem/admin/{}/", label.to_lowercase().replace(' ', "-")))
}

/// Returns the tabs of a metric.
fn tabs(current: ObjectTab) -> ObjectTabs {
    let address = |rest: &str| format!("/poem/admin/poem/metric/1/{rest}");
    let all = [
        (ObjectTab::View, ""),
        (ObjectTab::Edit, "change/"),
        (ObjectTab::History, "history/"),
        (ObjectTab::UsedBy, "usedby/"),
        (ObjectTab::Json, "json/"),
    ];
    let path = all.iter().find(|(tab, _)| *tab == current).map_or_else(String::new, |(_, rest)| address(rest));
    ObjectTabs::new(all.into_iter().map(|(tab, rest)| (tab, address(rest))), current, &path)
}

/// Returns the layout for a superuser, of a page below a section of the navigation.
fn layout(title: &str, section: &str) -> Layout {
    let sections = ["Profiles", "Services", "Probes", "Metrics", "Aggregations"];
    let menu = ["Overview", "Users", "Groups of profiles", "API keys", "Log", "Metric names"];
    let above = Crumb { label: section.to_owned(), href: Some(link(section).href) };
    let here = Crumb { label: title.to_owned(), href: None };
    Layout {
        title: title.to_owned(),
        tenant: "egi".to_owned(),
        user: Some(UserView { id: 2, username: "alice".to_owned(), is_superuser: true, groups: Vec::new() }),
        admin: menu.iter().map(|name| Link { current: section == "Admin" && *name == "Users", ..link(name) }).collect(),
        navigation: sections.iter().map(|name| Link { current: *name == section, ..link(name) }).collect(),
        trail: [above, here].into_iter().filter(|crumb| !crumb.label.is_empty()).collect(),
        messages: Vec::new(),
        csrf: "0123456789abcdef0123456789abcdef".to_owned(),
        search: "/poem/admin/search/".to_owned(),
        public: "/poem/admin/poem/public_metric/".to_owned(),
        inside: Link::default(),
        branding: Branding::new(&TenantIcon::default(), footer()),
        timezone: "Europe/Zagreb",
    }
}

/// Returns the foot of a tenant's pages.
fn footer() -> Footer {
    Footer {
        text: "POEM is an EGI service, co-funded by the European Union.".to_owned(),
        logo: "/static/poem.svg".to_owned(),
        logo_text: "Funded by the European Union".to_owned(),
        links: vec![("Status".to_owned(), "https://status.example.org/".to_owned())],
    }
}

/// Returns the layout for a member of groups.
fn member(title: &str, section: &str) -> Layout {
    let groups = ["probes: ARGO", "metrics: ARGO, SSC", "profiles: ARGO"].map(str::to_owned).to_vec();
    let mut layout = layout(title, section);
    layout.user = Some(UserView { id: 4, username: "carol".to_owned(), is_superuser: false, groups });
    layout.admin = Vec::new();
    layout
}

/// Returns the layout of a public page: no user is logged in.
fn public(title: &str, section: &str) -> Layout {
    let layout = layout(title, section);
    let navigation = layout.navigation.into_iter().take(4).collect();
    let search = "/poem/admin/poem/public_search/".to_owned();
    let inside = Link::new("Log in", "/poem/admin/login/?next=%2Fpoem%2Fadmin%2Fpoem%2Fmetric%2F");
    Layout {
        user: None,
        admin: Vec::new(),
        navigation,
        search,
        public: String::new(),
        inside,
        csrf: String::new(),
        ..layout
    }
}

/// Returns the layout of a public page for a visitor who is logged in.
fn visited(title: &str, section: &str) -> Layout {
    Layout { inside: Link::new("Open in POEM", "/poem/admin/poem/metric/"), ..public(title, section) }
}

/// Returns the layout of the login page.
fn outside(title: &str) -> Layout {
    Layout {
        title: title.to_owned(),
        tenant: "egi".to_owned(),
        csrf: "0123456789abcdef".to_owned(),
        ..Layout::default()
    }
}

/// Adds a flash message to a layout.
fn with_message(layout: Layout, tone: Severity, text: &str) -> Layout {
    Layout {
        messages: vec![Message {
            tone,
            text: text.to_owned(),
            object: Some(Link::new("ams-probe", "/poem/admin/poem/probe/1/change/")),
            rest: "” was changed.".to_owned(),
            notes: vec![
                MessageNote { text: "Added new metric name \"a.B\".".to_owned(), folded: Vec::new() },
                MessageNote {
                    text: "Moved 11 metrics to ams-probe (0.1.8)".to_owned(),
                    folded: vec!["Moved metric argo.AMS-Check (Production) to ams-probe (0.1.8).".to_owned()],
                },
            ],
            undo: "/poem/admin/poem/probe/1/undo/17/".to_owned(),
        }],
        ..layout
    }
}
