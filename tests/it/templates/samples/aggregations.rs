//! Sample forms of aggregation profiles: with groups of service flavours.

use poem::templates::form_page::{ErrorLink, FormPage, Widget, WidgetKind};
use poem::templates::object_tabs::ObjectTab;
use poem::templates::row_groups::{GroupView, OperandView, RowGroupsView};

use super::widgets::{select, set, text, widget};
use super::{Sample, layout, link, member, tabs};

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let title = || layout("critical", "Aggregations");
    let read_only = "You can look at this aggregation, not change it. Members of the group EGI can change it.";
    vec![
        Sample::new("form-aggregation", title(), form(groups())),
        Sample::new("form-aggregation-empty", title(), form(empty())),
        Sample::new("form-aggregation-large", title(), form(large())),
        Sample::new("form-aggregation-refused", title(), refused()),
        Sample::new("form-aggregation-read-only", member("critical", "Aggregations"), shown(read_only)),
    ]
}

fn offered() -> Vec<String> {
    ["ARC-CE", "CREAM-CE", "GRAM5", "QCG.Computing", "SRM", "SRMv2", "unicore6.TargetSystemFactory", "XRootD"]
        .map(str::to_owned)
        .into()
}

fn operand((name, operation): (&str, &str)) -> OperandView {
    let origin = format!("0 {name}");
    OperandView { text: name.to_owned(), operation: operation.to_owned(), origin, ..OperandView::default() }
}

fn group(head: (&str, &str), rows: &[(&str, &str)]) -> GroupView {
    GroupView { head: operand(head), rows: rows.iter().copied().map(operand).collect() }
}

fn groups() -> RowGroupsView {
    let compute = [("ARC-CE", "AND"), ("CREAM-CE", "AND"), ("GRAM5", "AND"), ("QCG.Computing", "AND")];
    let mut storage = group(("storage", "OR"), &[("SRM", "AND"), ("SRMv2", "OR"), ("Swift", "XOR")]);
    storage.rows[2].warnings = vec!["Swift is not a service flavour of ROC_CRITICAL.".to_owned()];
    storage.rows[2].other_operation = "XOR (not a choice here)".to_owned();
    RowGroupsView {
        one: "service flavour group",
        part: "services",
        row_label: "Service flavour",
        name_max: 128,
        row_max: 128,
        groups: vec![group(("compute", "OR"), &compute), storage, group(("information", "AND"), &[("XRootD", "OR")])],
        operations: &["OR", "AND"],
        joined_by: "profile_operation",
        joined: "AND".to_owned(),
        offered_by: "metric_profile",
        source: "ROC_CRITICAL".to_owned(),
        is_offered: true,
        offered: offered(),
        unused: vec!["unicore6.TargetSystemFactory".to_owned()],
        suggestions: "/poem/admin/suggestions/metric-profile-services/".to_owned(),
        warnings: vec!["Some service flavours are not in the metric profile: Swift.".to_owned()],
        ..RowGroupsView::default()
    }
}

fn empty() -> RowGroupsView {
    let warnings = vec!["Nothing is computed: there is no service flavour group.".to_owned()];
    RowGroupsView { groups: Vec::new(), unused: offered(), warnings, ..groups() }
}

/// Returns 20 groups of 10 services.
fn large() -> RowGroupsView {
    let of_group = |number: usize| {
        let names: Vec<String> = (0..10).map(|row| format!("service.flavour-{number}-{row}")).collect();
        let rows: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "AND")).collect();
        group((&format!("group-{number}"), "OR"), &rows)
    };
    let all: Vec<GroupView> = (0..20).map(of_group).collect();
    let offered = all.iter().flat_map(|group| &group.rows).map(|row| row.text.clone()).collect();
    RowGroupsView { groups: all, offered, unused: Vec::new(), warnings: Vec::new(), ..groups() }
}

fn form(groups: RowGroupsView) -> FormPage {
    let of_groups =
        Widget { row_groups: Some(groups), ..widget(WidgetKind::Groups, "groups", "Service flavour groups", "") };
    let help = |help: &str, widget: Widget| Widget { help: help.to_owned(), ..widget };
    let operations = &["OR", "AND"];
    FormPage {
        heading: "Change aggregation".to_owned(),
        object: "critical".to_owned(),
        action: "/poem/admin/poem/aggregation/4/change/".to_owned(),
        revision: "3".to_owned(),
        base: "{}".to_owned(),
        fieldsets: vec![
            set(
                "",
                vec![
                    text("name", "Aggregation name", "critical", ""),
                    help(
                        "Logical operation that will be applied between metrics of each service flavour",
                        select("metric_operation", "Metric operation", "AND", operations),
                    ),
                    help(
                        "Logical operation that will be applied between defined service flavour groups",
                        select("profile_operation", "Aggregation operation", "AND", operations),
                    ),
                    select("metric_profile", "Metric profile", "ROC_CRITICAL", &["ROC_CRITICAL", "ROC_OPERATORS"]),
                    select("endpoint_group", "Endpoint group", "sites", &["servicegroups", "sites"]),
                    select("group", "Group", "EGI", &["", "EGI"]),
                ],
            ),
            set("", vec![of_groups]),
        ],
        tabs: tabs(ObjectTab::Edit),
        tools: vec![link("Clone"), link("Compare with…")],
        delete: Some(link("Delete")),
        ..FormPage::default()
    }
}

fn refused() -> FormPage {
    let mut wrong = groups();
    wrong.groups[1].head.errors = vec!["This service flavour group occurs twice.".to_owned()];
    wrong.groups[1].rows[1].errors = vec!["SRM occurs twice in this group.".to_owned()];
    wrong.groups[2].rows[0].operation_errors = vec!["This field is required.".to_owned()];
    wrong.groups[2].rows[0].operation = String::new();
    wrong.groups[2].rows[0].other_operation = "Choose".to_owned();
    let error = |text: &str, href: &str| ErrorLink { text: text.to_owned(), href: href.to_owned() };
    FormPage {
        error_heading: "Please correct the errors below.".to_owned(),
        error_links: vec![
            error(
                "Service flavour groups, group 2, Name: This service flavour group occurs twice.",
                "#id_groups-1-name",
            ),
            error(
                "Service flavour groups, group 2, row 2: SRM occurs twice in this group.",
                "#id_groups-1-services-1-name",
            ),
            error(
                "Service flavour groups, group 3, row 1, Operation: This field is required.",
                "#id_groups-2-services-0-operation",
            ),
        ],
        ..form(wrong)
    }
}

fn shown(why: &str) -> FormPage {
    let mut page = form(groups());
    for widget in page.fieldsets.iter_mut().flat_map(|set| &mut set.widgets) {
        widget.disabled = true;
    }
    FormPage { read_only: why.to_owned(), delete: None, ..page }
}
