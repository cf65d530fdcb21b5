//! Sample lists, services, histories and comparisons.

use super::{Sample, layout, link, member, public, tabs, visited, with_message};
use poem::templates::bulk_page::{BulkEditPage, BulkPreviewPage, BulkRow, SettingView, TableView};
use poem::templates::compare_page::{CompareObjectsPage, CompareWithPage};
use poem::templates::form_page::{ErrorLink, FieldsetView, NewNameView, Widget, WidgetKind};
use poem::templates::history_page::{ComparePage, DeletedPage, Difference, Event, HistoryPage, LogEntryPage, Span};
use poem::templates::list_page::{BulkBar, Cell, Choice, ExportLinks, FilterView, Heading, ListPage, Paging};
use poem::templates::names_page::{NameRow, NamesPage};
use poem::templates::object_tabs::ObjectTab;
use poem::templates::services_page::{ServiceCell, ServiceRow, ServicesPage};
use poem::templates::table_fit::ColumnKind;
use poem::templates::{Link, Severity};

const METRICS: [(&str, &str, &str, &str); 9] = [
    ("argo.AMS-Check", "Devel", "ams-probe (0.1.11)", "ARGO"),
    ("argo.AMS-Check", "Production", "ams-probe (0.1.11)", "ARGO"),
    ("argo.AMSPublisher-Check", "Production", "ams-publisher-probe (0.1.7)", "ARGO"),
    ("eu.egi.CertValidity", "Production", "CertLifetime-probe (1.0.0)", "SSC"),
    ("eu.egi.CertValidity-clone", "Test", "CertLifetime-probe (1.0.0)", "SSC"),
    ("org.bdii.Entries", "Devel", "", "ARGO"),
    ("org.nordugrid.ARC-CE-ARIS", "Production", "", "ARGO"),
    ("org.nordugrid.ARC-CE-submit", "Production", "nordugrid-arc-nagios-plugins (1.9.1)", "ARGO"),
    ("org.nordugrid.ARC-CE-LFC-submit", "Production", "nordugrid-arc-nagios-plugins (1.9.1)", "ARGO"),
];

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let tags = filter("tag", "Tag", "Production", &["Production", "Devel", "Test"]);
    let filtered = ListPage {
        search: Some("arc".to_owned()),
        filters: vec![tags],
        active: vec![link("Search: arc"), link("Tag: Production")],
        ..metrics(27, 8412)
    };
    let empty = ListPage { rows: Vec::new(), paging: Paging::default(), ..filtered.clone() };
    let empty = ListPage { empty: "No metrics match.".to_owned(), ..empty };
    let first = ListPage { active: Vec::new(), search: Some(String::new()), ..empty.clone() };
    let first = ListPage { empty: "No metrics yet.".to_owned(), ..first };
    let changed = with_message(
        layout("Metrics", "Metrics"),
        Severity::Success,
        "The metric “argo.AMS-Check (Devel)” was changed.",
    );
    let warned =
        with_message(layout("Metrics", "Metrics"), Severity::Warning, "The metric was saved; its probe is gone.");
    vec![
        Sample::new("list", changed, metrics(30, 8412)),
        Sample::new("list-bulk", layout("Metrics", "Metrics"), ticked(metrics(9, 8412))),
        Sample::new("bulk-edit", layout("Change metrics", "Metrics"), bulk_edit()),
        Sample::new("bulk-import", layout("Import", "Profiles"), bulk_import()),
        Sample::new("bulk-preview", layout("Change metrics", "Metrics"), bulk_preview()),
        Sample::new("bulk-deletion", layout("Delete metrics", "Metrics"), bulk_deletion()),
        Sample::new("bulk-nothing", layout("Change metrics", "Metrics"), bulk_nothing()),
        Sample::new("list-short", member("Metrics", "Metrics"), metrics(9, 9)),
        Sample::new("list-filtered", warned, filtered),
        Sample::new("list-nothing-fits", layout("Metrics", "Metrics"), empty),
        Sample::new("list-empty", layout("Metrics", "Metrics"), first),
        Sample::new("list-public", public("Metrics", "Metrics"), public_metrics()),
        Sample::new("list-public-visitor", visited("Metrics", "Metrics"), public_metrics()),
        Sample::new("list-columns", layout("Metrics", "Metrics"), more_columns()),
        Sample::new("list-users", layout("Users", "Admin"), users()),
        Sample::new("list-log", layout("Log entries", "Admin"), log_entries()),
        Sample::new("names", layout("Metric names", "Admin"), names()),
        Sample::new("services", layout("Services", "Services"), services()),
        Sample::new("services-empty", public("Services", "Services"), no_services()),
        Sample::new("history", layout("History", "Probes"), history()),
        Sample::new("history-one", layout("History", "Probes"), one_version()),
        Sample::new("history-public", layout("History", "Probes"), public_history()),
        Sample::new("log-entry", layout("Log entry", "Admin"), log_entry()),
        Sample::new("log-entry-deletion", layout("Log entry", "Admin"), deletion_entry()),
        Sample::new("deleted", layout("History", "Metrics"), deleted()),
        Sample::new("history-log", layout("History", "Admin"), log()),
        Sample::new("compare", layout("Compare", "Metrics"), compare()),
        Sample::new(
            "compare-equal",
            layout("Compare", "Metrics"),
            ComparePage { differences: Vec::new(), ..compare() },
        ),
        Sample::new("compare-objects", layout("Compare", "Metrics"), compare_objects()),
        Sample::new("compare-with", layout("Compare", "Metrics"), compare_with()),
        Sample::new(
            "compare-with-nothing",
            layout("Compare", "Probes"),
            CompareWithPage { related: Vec::new(), found: Vec::new(), ..compare_with() },
        ),
    ]
}

fn text(text: &str) -> Cell {
    Cell { text: text.to_owned(), ..Cell::default() }
}

fn linked(text: &str) -> Cell {
    Cell { text: text.to_owned(), href: "/poem/admin/poem/metric/4/change/".to_owned(), ..Cell::default() }
}

fn figure(text: &str) -> Cell {
    Cell { text: text.to_owned(), is_figure: true, ..Cell::default() }
}

fn flag(flag: bool) -> Cell {
    Cell { flag: Some(flag), ..Cell::default() }
}

fn headings(labels: &[&str]) -> Vec<Heading> {
    let heading = |(number, label): (usize, &&str)| Heading {
        label: (*label).to_owned(),
        href: format!("?o={number}"),
        sorted: if number == 0 { "ascending" } else { "" },
        kind: match *label {
            "Description" | "What changed" | "Groups" => ColumnKind::Text,
            "Versions" | "Members" | "Users" | "Profiles" => ColumnKind::Number,
            _ => ColumnKind::Short,
        },
    };
    labels.iter().enumerate().map(heading).collect()
}

fn filter(name: &str, label: &str, chosen: &str, choices: &[&str]) -> FilterView {
    let choice =
        |label: &&str| Choice { value: (*label).to_owned(), label: (*label).to_owned(), selected: *label == chosen };
    let all = Choice { label: "All".to_owned(), ..Choice::default() };
    let choices = [all].into_iter().chain(choices.iter().map(choice)).collect();
    FilterView { name: name.to_owned(), label: label.to_owned(), choices, is_folded: false }
}

/// Returns the second page of a list, or the only one if all objects are shown.
fn paging(shown: i64, total: i64) -> Paging {
    if shown == total {
        return Paging { total, from: 1, to: total, ..Paging::default() };
    }
    let page = |label: &str| Link { current: label == "2", href: format!("?p={label}"), label: label.to_owned() };
    let gap = Link { label: "…".to_owned(), ..Link::default() };
    Paging {
        total,
        from: 31,
        to: 30 + shown,
        pages: vec![page("1"), page("2"), page("3"), page("4"), gap, page("281")],
        previous: Some("?p=1".to_owned()),
        next: Some("?p=3".to_owned()),
        sizes: ["30", "100", "300", "All"].map(|size| Link { current: size == "30", ..link(size) }).to_vec(),
        is_cut: false,
    }
}

fn metrics(shown: usize, total: i64) -> ListPage {
    let row = |(name, tag, probe, group): &(&str, &str, &str, &str)| {
        vec![linked(name), text(tag), if probe.is_empty() { text("") } else { linked(probe) }, text(group)]
    };
    ListPage {
        heading: "Metrics".to_owned(),
        add: Some(link("Add metric")),
        action: "/poem/admin/poem/metric/".to_owned(),
        search: Some(String::new()),
        searched: "names".to_owned(),
        filters: vec![
            filter("tag", "Tag", "", &["Production", "Devel", "Test"]),
            filter("group", "Group", "", &["ARGO", "SSC"]),
        ],
        kept: vec![("o".to_owned(), "-tag".to_owned())],
        exports: ExportLinks {
            csv: "/poem/admin/poem/metric/export/?format=csv".to_owned(),
            json: "/poem/admin/poem/metric/export/?format=json".to_owned(),
            names: "/poem/admin/poem/metric/export/?format=names".to_owned(),
        },
        reset: "/poem/admin/poem/metric/".to_owned(),
        headings: headings(&["Name", "Tag", "Probe version", "Group"]),
        rows: METRICS.iter().cycle().take(shown).map(row).collect(),
        paging: paging(i64::try_from(shown).unwrap_or_default(), total),
        ..ListPage::default()
    }
    .fitted()
}

/// Returns the list with rows that can be ticked.
fn ticked(mut list: ListPage) -> ListPage {
    for (id, row) in (1..).zip(&mut list.rows) {
        row[0].id = Some(id);
    }
    let bulk =
        BulkBar { action: "/poem/admin/poem/metric/bulk/".to_owned(), can_change: true, can_delete: true, all: 8412 };
    ListPage { bulk: Some(bulk), ..list }
}

/// Returns the input that asks for the reason of a change.
pub fn reason() -> Widget {
    let (name, label) = ("_reason".to_owned(), "Why".to_owned());
    Widget { name, label, value: "GGUS 1".to_owned(), input_type: "text", ..Widget::default() }
}

fn hidden() -> Vec<(String, String)> {
    vec![("pick".to_owned(), "7".to_owned())]
}

fn bulk_edit() -> BulkEditPage {
    let choice = |value: &str, label: &str| Choice { value: value.into(), label: label.into(), selected: false };
    BulkEditPage {
        heading: "Change 3 metrics".to_owned(),
        action: "/poem/admin/poem/metric/bulk/".to_owned(),
        back: link("Cancel"),
        objects: vec![
            link("argo.AMS-Check (Devel)"),
            link("argo.AMS-Check (Production)"),
            link("org.bdii.Entries (Devel)"),
        ],
        hidden: hidden(),
        problems: vec![ErrorLink { text: "Choose what to change.".to_owned(), href: "#id_setting_key".to_owned() }],
        widgets: vec![
            Widget {
                look: WidgetKind::Select,
                name: "to_group".to_owned(),
                label: "Group".to_owned(),
                choices: vec![choice("", "No change"), choice("ARGO", "ARGO")],
                ..Widget::default()
            },
            Widget {
                look: WidgetKind::Suggested,
                name: "to_probeversion".to_owned(),
                label: "Probe version".to_owned(),
                help: "Leave empty for no change. Enter - to remove it.".to_owned(),
                input_type: "text",
                ..Widget::default()
            },
        ],
        setting: Some(SettingView {
            sections: vec![choice("config", "Configuration"), choice("flags", "Flags")],
            actions: vec![choice("set", "Set to (add it where it is missing)"), choice("remove", "Remove it")],
            key: "timeout".to_owned(),
            value: "90".to_owned(),
        }),
        change_reason: reason(),
        ..BulkEditPage::default()
    }
}

fn bulk_import() -> BulkEditPage {
    let choice = |value: &str, label: &str| Choice { value: value.into(), label: label.into(), selected: false };
    let wrong = "Line 3, Metric: This field is required.";
    BulkEditPage {
        heading: "Import metric instances".to_owned(),
        action: "/poem/admin/poem/profile/bulk/".to_owned(),
        back: link("Cancel"),
        objects: vec![link("ARGO_MON_CRITICAL")],
        hidden: hidden(),
        problems: vec![ErrorLink { text: wrong.to_owned(), href: "#id_rows_table".to_owned() }],
        table: Some(TableView {
            label: "Metric instances",
            columns: "service_flavour, metric, fqan".to_owned(),
            actions: vec![choice("replace", "Replace all rows"), choice("add", "Add these rows")],
            text: "service_flavour,metric,fqan\nARC-CE,org.nordugrid.ARC-CE-submit,/ops\nSRM".to_owned(),
            errors: vec![wrong.to_owned()],
        }),
        change_reason: reason(),
        ..BulkEditPage::default()
    }
}

fn bulk_preview() -> BulkPreviewPage {
    let span = |text: &str| vec![Span { text: text.to_owned(), marked: true }];
    let difference = |label: &str, before: &str, after: &str| Difference {
        label: label.to_owned(),
        before: span(before),
        after: span(after),
        change: "changed",
    };
    let row = |name: &str, differences| BulkRow { object: link(name), differences, refusal: String::new() };
    BulkPreviewPage {
        heading: "Change 2 metrics?".to_owned(),
        action: "/poem/admin/poem/metric/bulk/".to_owned(),
        back: link("Cancel"),
        hidden: hidden(),
        rows: vec![
            row(
                "argo.AMS-Check (Devel)",
                vec![difference("group", "SSC", "ARGO"), difference("metric config timeout", "60", "90")],
            ),
            row("argo.AMS-Check (Production)", vec![difference("metric config timeout", "60", "90")]),
        ],
        refused: vec![BulkRow {
            object: link("eu.egi.CertValidity (Test)"),
            refusal: "You are not a member of its group SSC.".to_owned(),
            ..BulkRow::default()
        }],
        unchanged: vec![link("org.bdii.Entries (Devel)")],
        new_names: vec![NewNameView {
            name: "argo.Host-Alvie".to_owned(),
            what: "metric",
            near: "argo.Host-Alive".to_owned(),
            href: String::new(),
        }],
        button: "Change 2 metrics".to_owned(),
        step: "change",
        change_reason: reason(),
        ..BulkPreviewPage::default()
    }
}

fn bulk_deletion() -> BulkPreviewPage {
    BulkPreviewPage {
        heading: "Delete 2 metrics?".to_owned(),
        unchanged: Vec::new(),
        consequence: "Profiles keep the names of deleted metrics, without a configuration.",
        button: "Delete 2 metrics".to_owned(),
        step: "delete-all",
        is_deletion: true,
        ..bulk_preview()
    }
}

fn bulk_nothing() -> BulkPreviewPage {
    BulkPreviewPage { rows: Vec::new(), button: String::new(), ..bulk_preview() }
}

fn public_metrics() -> ListPage {
    let about =
        "Metrics are configured checks: each is one way to run a probe, with its interval, timeout and parameters.";
    ListPage { add: None, about, ..metrics(9, 9) }
}

/// Returns the list of metrics with all columns and filters, and with more rows than a page can have.
fn more_columns() -> ListPage {
    let all = metrics(30, 8412);
    let folded = |filter: FilterView| FilterView { is_folded: true, ..filter };
    let row = |(number, row): (usize, &Vec<Cell>)| {
        let parent = if number % 3 == 0 { linked("org.nordugrid.ARC-CE-submit") } else { text("") };
        let more = [text("Active"), parent, figure("12"), figure("2026-11-03 09:14")];
        row.iter().cloned().chain(more).collect()
    };
    let column = |label: &str| Choice { value: label.to_lowercase(), label: label.to_owned(), selected: true };
    ListPage {
        headings: headings(&["Name", "Tag", "Probe version", "Group", "Type", "Parent", "Profiles", "Last change"]),
        rows: all.rows.iter().enumerate().map(row).collect(),
        filters: vec![
            filter("tag", "Tag", "", &["Production", "Devel", "Test"]),
            filter("group", "Group", "", &["ARGO", "SSC"]),
            filter("type", "Type", "Active", &["Active", "Passive"]),
            filter("probe", "Probe", "", &["ams-probe", "No probe"]),
            folded(filter("parent", "Parent", "", &["With parent", "Without parent"])),
            folded(filter("mine", "Mine", "", &["In my groups", "Not in my groups"])),
        ],
        active: vec![link("Type: Active")],
        columns: ["Type", "Parent", "Profiles", "Last change"].map(column).to_vec(),
        kept_by_columns: vec![("type".to_owned(), "Active".to_owned())],
        paging: Paging { is_cut: true, ..paging(30, 8412) },
        ..all
    }
    .fitted()
}

fn users() -> ListPage {
    let user = |name: &str, first: &str, last: &str, is_superuser: bool| {
        let email = if first.is_empty() { String::new() } else { format!("{name}@example.org") };
        let login = if is_superuser { "2026-11-03 09:14" } else { "Never" };
        let account = vec![linked(name), text(first), text(last), text(&email), flag(true), flag(is_superuser)];
        account
            .into_iter()
            .chain([flag(!email.is_empty()), figure(login), text("ARGO, EOSC-hub-operations, SSC")])
            .collect()
    };
    ListPage {
        heading: "Users".to_owned(),
        add: Some(link("Add user")),
        search: Some(String::new()),
        searched: "names and e-mail addresses".to_owned(),
        filters: vec![
            filter("is_superuser", "Superuser", "", &["Yes", "No"]),
            filter("is_staff", "Staff", "", &["Yes", "No"]),
        ],
        headings: headings(&[
            "Username",
            "First name",
            "Last name",
            "E-mail address",
            "Staff",
            "Superuser",
            "Active",
            "Last login",
            "Groups",
        ]),
        rows: vec![
            user("alice", "Alice", "Testova", true),
            user("bob", "Bob", "Babić", false),
            user("carol", "", "", false),
        ],
        paging: paging(3, 3),
        ..metrics(0, 0)
    }
    .fitted()
}

fn log_entries() -> ListPage {
    let entry = |words: &str, kind: &str, message: &str| {
        vec![linked(words), text("poem"), figure("2019-03-01 14:05"), text(kind), text(message)]
    };
    let step = |label: &str, current: bool| Link { current, ..link(label) };
    ListPage {
        heading: "Log entries".to_owned(),
        add: None,
        searched: "users and objects".to_owned(),
        filters: vec![filter("kind", "Type", "", &["Probe", "Metric", "Profile"])],
        dates: vec![
            step("All dates", false),
            step("2019", false),
            step("March", true),
            step("1", false),
            step("2", false),
        ],
        headings: headings(&["Entry", "User", "Time", "Type", "What changed"]),
        rows: vec![
            entry("Deleted \"TO_DELETE\".", "profile", ""),
            entry("Changed \"ARGO_MON_CRITICAL\".", "profile", "Changed description."),
            entry("Added \"argo.AMS-Check (Devel)\".", "metric", "Derived from argo.AMS-Check (Production)"),
        ],
        paging: paging(3, 3),
        ..metrics(0, 0)
    }
    .fitted()
}

fn names() -> NamesPage {
    let row = |name: &str, uses: &str, more: &str| NameRow {
        name: name.to_owned(),
        uses: uses.to_owned(),
        more: more.to_owned(),
        is_unused: uses.is_empty() && more.is_empty(),
    };
    NamesPage {
        list: ListPage {
            heading: "Metric names".to_owned(),
            headings: services().list.headings.into_iter().take(3).collect(),
            ..services().list
        },
        help: "Every name that a metric or profile has used. Names without any use and group can be removed.",
        rows: vec![
            row("argo.Host-Alvie", "", ""),
            row("org.bdii.Entries", "", "ARGO"),
            row("argo.AMS-Check", "2 metrics, 5 tuples, 1 parent or dependency", "ARGO"),
        ],
    }
}

fn services() -> ServicesPage {
    let cell = |text: &str, rowspan: usize| ServiceCell { text: text.to_owned(), rowspan, ..ServiceCell::default() };
    let leading = |text: &str| ServiceCell { href: "/poem/admin/poem/metric/4/change/".to_owned(), ..cell(text, 1) };
    let row = |cells: Vec<ServiceCell>| ServiceRow { cells };
    let list = ListPage {
        heading: "Services".to_owned(),
        action: "/poem/admin/poem/service/".to_owned(),
        search: Some("compute".to_owned()),
        searched: "all columns".to_owned(),
        active: vec![link("Search: compute")],
        headings: headings(&["Service area", "Service name", "Service type", "Metric", "Probe"]),
        kept: vec![("o".to_owned(), "-name".to_owned())],
        paging: paging(30, 214),
        reset: "/poem/admin/poem/service/".to_owned(),
        ..ListPage::default()
    };
    ServicesPage {
        list,
        rows: vec![
            row(vec![
                cell("High-Throughput Compute", 4),
                cell("ARC Compute Element", 3),
                cell("ARC-CE", 3),
                leading("org.nordugrid.ARC-CE-ARIS"),
                cell("", 1),
            ]),
            row(vec![leading("org.nordugrid.ARC-CE-submit"), leading("nordugrid-arc-nagios-plugins (1.9.1)")]),
            row(vec![leading("org.nordugrid.ARC-CE-LFC-submit"), leading("nordugrid-arc-nagios-plugins (1.9.1)")]),
            row(vec![
                cell("QCG", 1),
                cell("QCG.Computing", 1),
                leading("pl.plgrid.QCG-Computing"),
                leading("qcg-probe (2.0.0)"),
            ]),
            row(vec![
                cell("Online Storage", 2),
                cell("Storage Resource Manager", 2),
                cell("SRM", 2),
                leading("eu.egi.CertValidity"),
                leading("CertLifetime-probe (1.0.0)"),
            ]),
            row(vec![leading("org.sam.SRM-All"), leading("srm-probe (3.1)")]),
        ],
    }
}

fn no_services() -> ServicesPage {
    let empty = "No services match.".to_owned();
    ServicesPage { list: ListPage { paging: Paging::default(), empty, ..services().list }, rows: Vec::new() }
}

/// Returns a version of a probe.
pub fn event(label: &str, time: &str, message: &str) -> Event {
    Event {
        id: format!("version-{label}"),
        label: label.to_owned(),
        href: "/poem/admin/poem/probe/1/history/3/".to_owned(),
        time: time.to_owned(),
        iso: "2019-03-01T14:05:00+01:00".to_owned(),
        user: "poem".to_owned(),
        message: message.to_owned(),
        ..Event::default()
    }
}

fn history() -> HistoryPage {
    HistoryPage {
        object: "ams-probe (0.1.11)".to_owned(),
        tabs: tabs(ObjectTab::History),
        compare: "/poem/admin/poem/probe/1/history/compare/".to_owned(),
        events: vec![
            Event { is_current: true, ..event("0.1.11", "2019-03-01 14:05", "Changed version and comment.") },
            event("0.1.8", "2018-11-22 09:10", "Changed version, description and repository."),
            event("0.1.7", "2018-06-05 13:34", "Initial version."),
        ],
        is_labelled: true,
        names_users: true,
        older: 0,
        empty: String::new(),
    }
}

fn one_version() -> HistoryPage {
    let events = vec![event("", "2018-06-05 13:34", "Initial version.")];
    HistoryPage { compare: String::new(), events, is_labelled: false, ..history() }
}

/// Returns the history as public pages show it, without users.
fn public_history() -> HistoryPage {
    let HistoryPage { mut events, .. } = history();
    events.iter_mut().for_each(|event| event.user.clear());
    HistoryPage { events, names_users: false, ..history() }
}

/// Returns the history of an object without versions that was changed very often.
fn log() -> HistoryPage {
    let entry =
        |time: &str, message: &str| Event { id: String::new(), href: String::new(), ..event("", time, message) };
    let events = vec![entry("2019-03-01 14:05", "Changed members."), entry("2018-06-05 13:34", "Changed name.")];
    HistoryPage { compare: String::new(), events, is_labelled: false, older: 734, ..history() }
}

/// Returns spans of which every second one is marked as different.
fn spans(texts: &[&str]) -> Vec<Span> {
    let span = |(number, text): (usize, &&str)| Span { text: (*text).to_owned(), marked: number % 2 == 1 };
    texts.iter().enumerate().map(span).collect()
}

/// Returns differences of every kind: changed, added, deleted.
pub fn differences() -> Vec<Difference> {
    let difference = |label: &str, before: &[&str], after: &[&str], change: &'static str| Difference {
        label: label.to_owned(),
        before: spans(before),
        after: spans(after),
        change,
    };
    vec![
        difference("Probe version", &["ams-probe (0.1.", "7", ")"], &["ams-probe (0.1.", "8", ")"], "changed"),
        difference("config timeout", &["", "60"], &["", "180"], "changed"),
        difference("parameter --topic", &[], &["", "monitoring test"], "added"),
        difference("attribute argo.ams_TOKEN", &["", "--token"], &[], "deleted"),
    ]
}

/// Returns a change in the audit log.
fn log_entry() -> LogEntryPage {
    let shown = |label: &str, value: &str| Widget {
        look: WidgetKind::Shown,
        name: format!("entry_{}", label.to_lowercase().replace(' ', "_")),
        label: label.to_owned(),
        value: value.to_owned(),
        ..Widget::default()
    };
    LogEntryPage {
        object: "Changed \"argo.AMS-Check (Production)\".".to_owned(),
        facts: vec![FieldsetView {
            widgets: vec![
                shown("Time", "2019-03-01 14:05"),
                shown("User", "poem"),
                shown("What changed", "Changed probeversion."),
            ],
            ..FieldsetView::default()
        }],
        differences: differences(),
        undone_by: Some(link("Changed \"argo.AMS-Check (Production)\". 2019-03-01 14:06")),
        ..LogEntryPage::default()
    }
}

/// Returns a deletion in the audit log.
fn deletion_entry() -> LogEntryPage {
    let LogEntryPage { facts, .. } = log_entry();
    let name = Widget {
        look: WidgetKind::Shown,
        name: "name".to_owned(),
        label: "Name".to_owned(),
        value: "ams-probe".to_owned(),
        ..Widget::default()
    };
    LogEntryPage {
        object: "Deleted \"ams-probe\".".to_owned(),
        differences: Vec::new(),
        content: vec![FieldsetView { widgets: vec![name], ..FieldsetView::default() }],
        facts,
        restore: Some(link("Restore")),
        undone_by: None,
    }
}

/// Returns the page of a deleted object.
fn deleted() -> DeletedPage {
    DeletedPage {
        kind: "metric".to_owned(),
        object: "argo.AMS-Check".to_owned(),
        tag: "Production".to_owned(),
        user: "carol".to_owned(),
        time: "2019-03-01 14:05".to_owned(),
        iso: "2019-03-01T14:05:00+01:00".to_owned(),
        left_out: vec!["The group “ARGO” no longer exists.".to_owned()],
        restore: link("Restore"),
        edit: link("Edit before restoring"),
        content: deletion_entry().content,
    }
}

fn compare() -> ComparePage {
    let same = |label: &str, text: &str| Difference {
        label: label.to_owned(),
        before: spans(&[text]),
        after: spans(&[text]),
        change: "same",
    };
    ComparePage {
        object: "argo.AMS-Check (Production)".to_owned(),
        tabs: tabs(ObjectTab::History),
        before: event("", "2018-06-05 13:34", ""),
        after: event("", "2019-03-01 14:05", ""),
        differences: differences(),
        same: vec![same("Tag", "Production"), same("Type", "Active"), same("Group", "ARGO")],
        restore: Some(link("Restore the older version")),
        restore_by_post: true,
    }
}

/// Returns the comparison of two metrics.
fn compare_objects() -> CompareObjectsPage {
    let ComparePage { differences, same, .. } = compare();
    CompareObjectsPage {
        kind: "Compare metrics".to_owned(),
        left: link("argo.AMS-Check (Production)"),
        right: link("argo.AMS-Check (Devel)"),
        swap: link("Swap sides"),
        another: Some(link("Compare with…")),
        differences,
        same,
    }
}

/// Returns the choice of what to compare a metric with.
fn compare_with() -> CompareWithPage {
    CompareWithPage {
        kind: "Compare the metric".to_owned(),
        many: "metrics".to_owned(),
        object: link("argo.AMS-Check (Production)"),
        id: "1".to_owned(),
        action: "/poem/admin/poem/metric/compare/".to_owned(),
        search: "ams".to_owned(),
        related: vec![link("argo.AMS-Check (Devel)")],
        found: vec![link("argo.AMS-Publisher (Production)")],
        is_cut: true,
    }
}
