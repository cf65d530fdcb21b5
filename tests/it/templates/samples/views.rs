//! Sample pages of objects that are only read.

use super::forms::{group, metric, profile, read_only_form, user};
use super::{Sample, layout, link, member, public, tabs};
use poem::templates::form_page::FormPage;
use poem::templates::object_tabs::ObjectTab;
use poem::templates::used_by_page::{UseRow, UseSection, UsedByPage};
use poem::templates::view_page::ViewPage;

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let unavailable = ViewPage {
        retry: "/poem/admin/poem/aggregation/1/".to_owned(),
        notes: vec!["The ARGO WEB-API does not respond.".to_owned()],
        ..view("Aggregation", group(true))
    };
    vec![
        Sample::new("view-metric", layout("argo.AMS-Check", "Metrics"), view("Metric", metric())),
        Sample::new("view-metric-member", member("argo.AMS-Check", "Metrics"), view("Metric", metric())),
        Sample::new("view-metric-public", public("argo.AMS-Check", "Metrics"), view("Metric", metric())),
        Sample::new("view-profile", layout("ARGO_MON", "Profiles"), view("Profile", profile(7))),
        Sample::new("view-profile-large", layout("ARGO_MON", "Profiles"), view("Profile", profile(300))),
        Sample::new("view-user", layout("alice", "Admin"), view("User", user())),
        Sample::new("view-unavailable", layout("critical", "Aggregations"), unavailable),
        Sample::new("used-by", layout("argo.AMS-Check", "Metrics"), used_by()),
        Sample::new(
            "used-by-nothing",
            member("argo.AMS-Check", "Metrics"),
            UsedByPage { sections: Vec::new(), ..used_by() },
        ),
    ]
}

/// Returns a form as the page that only shows it.
fn view(kind: &str, form: FormPage) -> ViewPage {
    let FormPage { object, tag, tools, fieldsets, facts, .. } = read_only_form(form, "");
    ViewPage {
        kind: kind.to_owned(),
        object,
        tag,
        tabs: tabs(ObjectTab::View),
        tools,
        fieldsets,
        facts,
        ..ViewPage::default()
    }
}

fn used_by() -> UsedByPage {
    let row = |name: &str, cells: &[&str]| UseRow {
        object: link(name),
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
    };
    let profiles = UseSection {
        label: "Profiles".to_owned(),
        columns: vec!["Profile", "Version", "Rows with it"],
        rows: vec![row("ARGO_MON", &["1.0", "12"]), row("ARGO_MON_CRITICAL", &["1.1", "1"])],
        more: 7,
        list: Some(link("All as a list")),
    };
    let metrics = UseSection {
        label: "Metrics that depend on it".to_owned(),
        columns: vec!["Metric", "Tag", "How"],
        rows: vec![row("argo.AMSPublisher-Check", &["Production", "as parent"])],
        ..UseSection::default()
    };
    UsedByPage {
        kind: "Metric".to_owned(),
        object: "argo.AMS-Check".to_owned(),
        tag: "Production".to_owned(),
        tabs: tabs(ObjectTab::UsedBy),
        sections: vec![profiles, metrics],
        none: "Nothing uses this metric.".to_owned(),
    }
}
