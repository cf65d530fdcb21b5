//! Sample forms: to add, to change, read-only, with errors, in conflict; and an old version.

use super::lists::{differences, event};
use super::widgets::{checkbox, config, pairs, picker, rows, select, set, shown, suggested, text, url, widget};
use super::{Sample, layout, link, member, public, tabs, with_message};
use poem::templates::Severity;
use poem::templates::form_page::{
    ClaimView, ClaimsView, ConflictView, ErrorLink, FieldConflict, FieldsetView, FormPage, InfoLine, NewNameView,
    NewNamesView, Renewal, RequiredKey, SecretView, Widget, WidgetKind,
};
use poem::templates::history_page::RevisionPage;
use poem::templates::object_tabs::{ObjectTab, ObjectTabs};

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let read_only =
        "You can look at this metric, not change it: it belongs to the group ARGO. Ask one of its members: bob, dave.";
    let secret = FormPage {
        heading: "Change API key".to_owned(),
        object: "WEB-API".to_owned(),
        secret: Some(SecretView {
            text: "d3Yx8hXH.Lq0oMZ7uJ4p9R2nWcT6sB1vKyE5gAfDi".to_owned(),
            usage: "curl -H 'x-api-key: d3Yx8hXH' 'https://poem.example.org/poem/api/v2/metrics/'".to_owned(),
            done: link("API keys"),
        }),
        fieldsets: vec![set("", vec![shown("client", "Client", "WEB-API"), checkbox("revoked", "Revoked", false)])],
        ..FormPage::default()
    };
    let renewal =
        Renewal { action: "/poem/admin/rest_framework_api_key/apikey/3/token/".to_owned(), made: "1".to_owned() };
    let renewable = FormPage { secret: None, renewal: Some(renewal), ..secret.clone() };
    let saved =
        with_message(layout("argo.AMS-Check", "Metrics"), Severity::Success, "Saved. You may edit it again below.");
    let failed = with_message(layout("ARGO_MON", "Profiles"), Severity::Error, "The key could not be revoked.");
    vec![
        Sample::new("form-metric", saved, metric()),
        Sample::new("form-metric-refused", layout("argo.AMS-Check", "Metrics"), with_errors(metric())),
        Sample::new("form-metric-read-only", member("argo.AMS-Check", "Metrics"), read_only_form(metric(), read_only)),
        Sample::new(
            "form-metric-public",
            public("argo.AMS-Check", "Metrics"),
            FormPage { tools: Vec::new(), ..read_only_form(metric(), "") },
        ),
        Sample::new("form-metric-passive", member("org.nordugrid.ARC-CE-ARIS", "Metrics"), passive()),
        Sample::new("form-metric-new", layout("Add metric", "Metrics"), empty_form(metric())),
        Sample::new("form-probe", layout("ams-probe", "Probes"), probe()),
        Sample::new("form-probe-conflict", layout("ams-probe", "Probes"), conflict()),
        Sample::new("form-profile", failed, profile(7)),
        Sample::new("form-profile-large", layout("ARGO_MON", "Profiles"), profile(300)),
        Sample::new("form-profile-refused", layout("ARGO_MON", "Profiles"), with_errors(profile(7))),
        Sample::new("form-profile-new-names", layout("ARGO_MON", "Profiles"), with_new_names(profile(7))),
        Sample::new("form-group", layout("ARGO", "Admin"), group(false)),
        Sample::new(
            "form-group-read-only",
            member("ARGO", "Admin"),
            read_only_form(group(true), "Groups are changed by superusers: alice."),
        ),
        Sample::new("form-user", layout("alice", "Admin"), user()),
        Sample::new("form-user-claimed", layout("alice", "Admin"), claimed()),
        Sample::new("form-secret", layout("WEB-API", "Admin"), secret),
        Sample::new("form-secret-again", layout("WEB-API", "Admin"), renewable),
        Sample::new("revision", layout("0.1.7", "Metrics"), revision()),
    ]
}

pub fn metric() -> FormPage {
    let active = |widgets| FieldsetView {
        only_if: Some(("mtype".to_owned(), "Active".to_owned())),
        ..set("What is run", widgets)
    };
    let flags = Widget {
        needs: Some(RequiredKey {
            field: "mtype".to_owned(),
            value: "Passive".to_owned(),
            key: "PASSIVE".to_owned(),
            filled: "1".to_owned(),
            text: "A passive metric needs the flag PASSIVE with the value 1.".to_owned(),
        }),
        ..pairs("flags", "Flags", &[&["OBSESS", "1"], &["NOHOSTNAME", "1"]])
    };
    FormPage {
        heading: "Change metric".to_owned(),
        object: "argo.AMS-Check (Production)".to_owned(),
        action: "/poem/admin/poem/metric/4/change/".to_owned(),
        revision: "17".to_owned(),
        base: "{\"name\": \"argo.AMS-Check\"}".to_owned(),
        fieldsets: vec![
            set(
                "",
                vec![
                    Widget {
                        required: true,
                        ..suggested("name", "Name", "argo.AMS-Check", "A new name is carried into all profiles.")
                    },
                    suggested("probeversion", "Probe version", "ams-probe (0.1.11)", ""),
                    select("tag", "Tag", "Production", &["Production", "Devel", "Test"]),
                    select("mtype", "Type", "Active", &["Active", "Passive"]),
                    select("group", "Group", "ARGO", &["", "ARGO", "SSC"]),
                ],
            ),
            active(vec![
                text("probeexecutable", "Probe executable", "ams-probe", ""),
                config(),
                pairs("attribute", "Attributes", &[&["argo.ams_TOKEN", "--token"]]),
                pairs("dependency", "Dependency", &[&["argo.AMSPublisher-Check", "1"]]),
                pairs("parameter", "Parameter", &[&["--project", "EGI"], &["--topic", "monitoring test"]]),
                pairs("fileattribute", "File attributes", &[]),
                pairs("fileparameter", "File parameters", &[]),
            ]),
            set("Flags and parent", vec![flags, suggested("parent", "Parent metric", "", "")]),
        ],
        facts: vec![
            InfoLine {
                label: "Probe".to_owned(),
                text: "Probe is inspecting AMS service by trying to publish and consume randomly generated messages."
                    .to_owned(),
                links: vec![link("ams-probe (0.1.11)")],
            },
            InfoLine {
                label: "Profiles that use it".to_owned(),
                links: vec![link("ARGO_MON"), link("ARGO_MON_CRITICAL")],
                ..InfoLine::default()
            },
            InfoLine { label: "Derived from".to_owned(), ..InfoLine::default() },
        ],
        tabs: tabs(ObjectTab::Edit),
        tools: vec![link("Clone"), link("Compare with…")],
        delete: Some(link("Delete")),
        ..FormPage::default()
    }
}

fn passive() -> FormPage {
    let mut page = metric();
    page.fieldsets[0].widgets[3] = select("mtype", "Type", "Passive", &["Active", "Passive"]);
    page
}

fn probe() -> FormPage {
    FormPage {
        heading: "Change probe".to_owned(),
        object: "ams-probe (0.1.11)".to_owned(),
        fieldsets: vec![
            set(
                "",
                vec![
                    Widget {
                        disabled: true,
                        help: "The name cannot be changed once it is there.".to_owned(),
                        ..text("name", "Name", "ams-probe", "")
                    },
                    text("version", "Version", "0.1.11", ""),
                    select("group", "Group", "ARGO", &["ARGO", "SSC"]),
                ],
            ),
            set(
                "About the probe",
                vec![
                    url("repository", "Repository", "https://github.com/ARGOeu/nagios-plugins-argo"),
                    Widget {
                        href: "https://github.com/ARGOeu/".to_owned(),
                        ..url(
                            "docurl",
                            "Documentation",
                            "https://github.com/ARGOeu/nagios-plugins-argo/blob/master/README.md",
                        )
                    },
                    Widget {
                        help: "What it looks at, and how.".to_owned(),
                        ..widget(
                            WidgetKind::Long,
                            "description",
                            "Description",
                            "Probe is inspecting AMS service by trying to publish and consume randomly generated messages.",
                        )
                    },
                    widget(WidgetKind::Long, "comment", "Comment", "Added <a href=\"x\">--verbose</a>"),
                ],
            ),
        ],
        ticks: vec![
            Widget {
                help: "Off: the newest version is amended in place.".to_owned(),
                ..checkbox("new_version", "New version", true)
            },
            Widget {
                help: "Metrics with the version before move to this one.".to_owned(),
                ..checkbox("update_metric", "Update metrics", true)
            },
        ],
        facts: vec![
            InfoLine { label: "Saved".to_owned(), text: "2019-03-01 14:05 by poem".to_owned(), ..InfoLine::default() },
            InfoLine {
                label: "Metrics that use it".to_owned(),
                links: vec![link("argo.AMS-Check (Production)"), link("argo.AMS-Check (Devel)")],
                ..InfoLine::default()
            },
        ],
        tabs: tabs(ObjectTab::Edit),
        tools: vec![link("Compare with…")],
        ..metric()
    }
}

fn conflict() -> FormPage {
    let difference = |label: &str, base: &str, theirs: &str, mine: &str, both: bool| FieldConflict {
        label: label.to_owned(),
        base: base.to_owned(),
        theirs: theirs.to_owned(),
        mine: mine.to_owned(),
        both,
    };
    let conflict = ConflictView {
        by: "Saved by bob, today 14:03.".to_owned(),
        fields: vec![
            difference("Version", "0.1.11", "0.1.12", "0.2.0", true),
            difference("Comment", "Initial version.", "Initial version.", "Faster.", false),
            difference("Description", "", "It looks at the message service.", "", false),
        ],
    };
    FormPage { conflict: Some(conflict), ..probe() }
}

pub fn profile(tuples: usize) -> FormPage {
    let known: [&[&str]; 4] = [
        &["APEL", "org.apel.APEL-Pub", ""],
        &["ARC-CE", "org.nordugrid.ARC-CE-ARIS", ""],
        &["ARC-CE", "org.nordugrid.ARC-CE-submit", "/ops/Role=lcgadmin"],
        &["SRM", "eu.egi.CertValidity", ""],
    ];
    let values: Vec<_> = known.iter().copied().cycle().take(tuples).collect();
    let columns = [("service", "Service flavour"), ("metric", "Metric"), ("fqan", "FQAN")];
    FormPage {
        heading: "Change profile".to_owned(),
        object: "ARGO_MON".to_owned(),
        fieldsets: vec![
            set(
                "",
                vec![
                    Widget { prefix: "hr.cro-ngi.TEST-".to_owned(), ..text("name", "Profile name", "ARGO_MON", "") },
                    suggested("vo", "Virtual organization", "ops", "The organization that owns this profile."),
                    select("group", "Group", "ARGO", &["ARGO", "SSC"]),
                    widget(WidgetKind::Long, "description", "Description", "Central ARGO-MON profile."),
                ],
            ),
            set("Metric instances", vec![rows("tuples", "Service flavour, metric, FQAN", &columns, &values)]),
        ],
        facts: vec![InfoLine {
            label: "In numbers".to_owned(),
            text: format!("{tuples} tuples, 3 services, 4 metrics"),
            ..InfoLine::default()
        }],
        ..metric()
    }
}

pub fn group(is_disabled: bool) -> FormPage {
    let all = [
        "argo.AMS-Check",
        "argo.AMSPublisher-Check",
        "Delta-Check",
        "eu.egi.CertValidity",
        "org.bdii.Entries",
        "org.nordugrid.ARC-CE-ARIS",
    ];
    let picker = picker("metrics", "Metrics", &all[..2], &all);
    FormPage {
        heading: "Change group of metrics".to_owned(),
        object: "ARGO".to_owned(),
        fieldsets: vec![set("", vec![text("name", "Name", "ARGO", ""), Widget { disabled: is_disabled, ..picker }])],
        facts: Vec::new(),
        ..metric()
    }
}

pub fn user() -> FormPage {
    FormPage {
        heading: "Change user".to_owned(),
        object: "alice".to_owned(),
        fieldsets: vec![
            set(
                "",
                vec![
                    text("username", "Username", "alice", "30 characters or fewer: letters, digits and @ . + - _"),
                    Widget {
                        href: "/poem/admin/poem/custuser/1/password/".to_owned(),
                        ..shown("password", "Password", "Change the password")
                    },
                ],
            ),
            set(
                "Person",
                vec![
                    text("first_name", "First name", "Alice", ""),
                    Widget { input_type: "email", ..text("email", "E-mail address", "alice@example.org", "") },
                ],
            ),
            set(
                "Rights",
                vec![
                    Widget { help: "May do everything.".to_owned(), ..checkbox("is_superuser", "Superuser", false) },
                    Widget { disabled: true, ..checkbox("is_active", "Active", true) },
                    picker("groupsofmetrics", "Groups of metrics", &["ARGO"], &["ARGO", "SSC"]),
                    picker("groupsofprobes", "Groups of probes", &[], &[]),
                ],
            ),
        ],
        facts: Vec::new(),
        ..metric()
    }
}

/// The form of a user that two federated logins ask for.
fn claimed() -> FormPage {
    let fact = |label: &str, text: &str| InfoLine { label: label.to_owned(), text: text.to_owned(), links: Vec::new() };
    let claim = |identity: &str, name: &str, mail: &str| ClaimView {
        identity: identity.to_owned(),
        facts: vec![
            fact("Name", name),
            fact("E-mail address", mail),
            fact("Identifier", identity),
            fact("Identity provider", "https://aai.example.org/proxy/saml2/idp/metadata.php"),
            fact("Asked", "2024-09-23 09:00"),
        ],
    };
    let claims = vec![
        claim("0123456789abcdef@example.org", "Alice Testova", "alice@example.org"),
        claim(&"f".repeat(120), "Alice Testova", "unknown"),
    ];
    FormPage { claims: Some(ClaimsView { action: "/poem/admin/poem/custuser/1/claim/".to_owned(), claims }), ..user() }
}

/// Turns a page into an empty form that adds an object.
fn empty_form(mut page: FormPage) -> FormPage {
    for widget in page.fieldsets.iter_mut().flat_map(|set| &mut set.widgets) {
        widget.value.clear();
        widget.rows.retain(|row| row.is_fixed);
        widget.rows.iter_mut().for_each(|row| row.cells[1].value.clear());
    }
    FormPage {
        heading: "Add metric".to_owned(),
        object: String::new(),
        revision: String::new(),
        base: String::new(),
        facts: Vec::new(),
        tabs: ObjectTabs::default(),
        tools: Vec::new(),
        delete: None,
        ..page
    }
}

/// Turns a page into one with an error at every field, row and cell.
fn with_errors(mut page: FormPage) -> FormPage {
    let mut problems = vec![ErrorLink { text: "The profile has no tuple.".to_owned(), href: String::new() }];
    let mut wrong = |name: &str, label: &str| {
        problems.push(ErrorLink { text: format!("{label}: This field is required."), href: format!("#id_{name}") });
        vec!["This field is required.".to_owned()]
    };
    for widget in page.fieldsets.iter_mut().flat_map(|set| &mut set.widgets) {
        widget.errors = wrong(&widget.name, &widget.label);
        for row in &mut widget.rows {
            for cell in row.cells.iter_mut().skip(1) {
                cell.errors = wrong(&cell.name, &widget.label);
            }
            row.errors = vec!["The same stands in row 2.".to_owned()];
        }
    }
    FormPage { error_heading: "Please correct the errors below.".to_owned(), error_links: problems, ..page }
}

/// Adds the question whether to add new names.
fn with_new_names(page: FormPage) -> FormPage {
    let new = |name: &str, what, near: &str, href: &str| NewNameView {
        name: name.to_owned(),
        what,
        near: near.to_owned(),
        href: href.to_owned(),
    };
    let names = vec![
        new("ARC-CEE", "service flavour", "ARC-CE", "#id_tuples-1-service"),
        new("org.example.Quite-Another", "metric", "", "#id_tuples-2-metric"),
    ];
    let question = NewNamesView { value: "[\"ARC-CEE\",\"org.example.Quite-Another\"]".to_owned(), names };
    FormPage { new_names: Some(question), is_unsaved: true, ..page }
}

/// Turns a page into a read-only one.
pub fn read_only_form(mut page: FormPage, why: &str) -> FormPage {
    for widget in page.fieldsets.iter_mut().flat_map(|set| &mut set.widgets) {
        widget.disabled = true;
        // No blank row for input.
        widget.rows.retain(|row| row.cells.iter().any(|cell| !cell.value.is_empty()));
    }
    let read_only = if why.is_empty() { "This is the public view.".to_owned() } else { why.to_owned() };
    FormPage { read_only, delete: None, ..page }
}

fn revision() -> RevisionPage {
    RevisionPage {
        tabs: tabs(ObjectTab::History),
        event: event("0.1.7", "2018-06-05 13:34", "Changed probe version and config timeout."),
        form: FormPage { heading: "Metric".to_owned(), facts: Vec::new(), ..read_only_form(metric(), "") },
        differences: differences(),
        previous: Some(link("Older version")),
        next: Some(link("Newer version")),
        compare: Some(link("Compare with current")),
        restore: Some(link("Make it the current one")),
        restore_by_post: true,
    }
}
