//! Sample pages for login, password, index, deletion, search and errors.

use super::lists::event;
use super::{Sample, layout, link, outside, public};
use poem::domain::model::search_text::SearchText;
use poem::templates::delete_page::{DeletePage, DeletionTick};
use poem::templates::error_page::ErrorPage;
use poem::templates::form_page::{ErrorLink, InfoLine, Widget, WidgetKind};
use poem::templates::history_page::Event;
use poem::templates::index_page::{AttentionLine, FirstStep, IndexBlock, IndexPage, IndexRow, RecentDay};
use poem::templates::list_page::Paging;
use poem::templates::login_page::{LoggedInAgainPage, LoginPage, LogoutPage, PasswordPage};
use poem::templates::metric_profile_page::MetricProfilePage;
use poem::templates::search_page::{FoundPlace, SearchGroup, SearchHit, SearchPage};
use poem::templates::sessions_page::{SessionView, SessionsPage};
use poem::templates::sync_line::SyncLine;
use poem::templates::urls::{LOGIN, LOGOUT, SESSIONS};
use poem::templates::waiting_line::WaitingLine;
use poem::templates::{Layout, Link};

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let login = LoginPage { action: LOGIN.to_owned(), ..LoginPage::default() };
    let federated = LoginPage {
        federated: "Log in with EGI Check-in".to_owned(),
        federated_href: "/poem/saml2/login/".to_owned(),
        ..login.clone()
    };
    let unavailable = LoginPage { federated_unavailable: true, ..login.clone() };
    let refused = LoginPage {
        username: "alice".to_owned(),
        problem: "The username and password do not fit, or the account may not log in.".to_owned(),
        next: "/poem/admin/poem/probe/".to_owned(),
        public: "/poem/admin/poem/public_probe/".to_owned(),
        typed: "name=ams-probe".to_owned(),
        ..federated.clone()
    };
    let logout = LogoutPage { action: LOGOUT.to_owned(), login: LOGIN.to_owned(), ..LogoutPage::default() };
    let password_done = PasswordPage { is_done: true, ..password(false) };
    let unreferenced = DeletePage { affected: Vec::new(), ..deletion() };
    let error = |code, reason: &str, message: &str| ErrorPage {
        code,
        reason: reason.to_owned(),
        message: message.to_owned(),
        ..ErrorPage::default()
    };
    let nothing = SearchPage { query: "nosuchthing".to_owned(), findings: Vec::new(), ..search() };
    vec![
        Sample::new("login", outside("Log in"), login),
        Sample::new("login-federated", outside("Log in"), federated),
        Sample::new("login-unavailable", outside("Log in"), unavailable),
        Sample::new("login-refused", outside("Log in"), refused),
        Sample::new("logged-in-again", layout("Logged in again", "Probes"), logged_in_again()),
        Sample::new("logout", layout("Log out", ""), logout.clone()),
        Sample::new("logged-out", outside("Logged out"), LogoutPage { is_logged_out: true, ..logout }),
        Sample::new("password", layout("Change password", ""), password(false)),
        Sample::new("password-refused", layout("Change password", ""), password(true)),
        Sample::new("password-done", layout("Change password", ""), password_done),
        Sample::new("sessions", layout("Your sessions", ""), sessions()),
        Sample::new("index", layout("Administration", "Admin"), index()),
        Sample::new("index-empty", layout("Administration", "Admin"), new_tenant()),
        Sample::new("delete", layout("Delete", "Probes"), deletion()),
        Sample::new("delete-unreferenced", layout("Delete", "Probes"), unreferenced),
        Sample::new("delete-copy", layout("Delete", "Profiles"), with_tick()),
        Sample::new("metric-profile", layout("ARGO WEB-API", "Profiles"), metric_profile()),
        Sample::new("metric-profile-read-only", layout("ARGO WEB-API", "Profiles"), metric_profile_of_others()),
        Sample::new("delete-stale", layout("Delete", "Probes"), DeletePage { is_stale: true, ..deletion() }),
        Sample::new("search", layout("Search", ""), search()),
        Sample::new("search-nothing", layout("Search", ""), nothing),
        Sample::new("search-kind", public("Search", ""), search_of_a_kind()),
        Sample::new(
            "search-blank",
            layout("Search", ""),
            SearchPage { findings: Vec::new(), query: String::new(), ..search() },
        ),
        Sample::new(
            "error-404",
            Layout { title: "Not Found".to_owned(), ..Layout::default() },
            error(404, "Not Found", "Not found."),
        ),
        Sample::new(
            "error-403",
            layout("You cannot do this", ""),
            ErrorPage {
                superusers: vec!["ada".to_owned(), "ivan".to_owned()],
                ..error(403, "You cannot do this", "You do not have permission to perform this action.")
            },
        ),
        Sample::new(
            "error-503",
            layout("Service Unavailable", ""),
            error(503, "Service Unavailable", "The service is not available at the moment, please try again shortly."),
        ),
    ]
}

fn logged_in_again() -> LoggedInAgainPage {
    let typed = [("name", "ams-probe"), ("version", "0.1.12"), ("_save", "1")];
    LoggedInAgainPage {
        action: "/poem/admin/poem/probe/1/change/".to_owned(),
        typed: typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}

fn password(is_refused: bool) -> PasswordPage {
    let widget = |name: &str, label: &str, error: &str| Widget {
        name: name.to_owned(),
        label: label.to_owned(),
        look: WidgetKind::Text,
        input_type: "password",
        required: true,
        errors: if is_refused && !error.is_empty() { vec![error.to_owned()] } else { Vec::new() },
        ..Widget::default()
    };
    let wrong = "Your current password is wrong. Please enter it again.";
    let problem = ErrorLink { text: format!("Current password: {wrong}"), href: "#id_old_password".to_owned() };
    PasswordPage {
        heading: "Change password".to_owned(),
        action: "/poem/admin/password_change/".to_owned(),
        error_heading: if is_refused { "Please correct the error below.".to_owned() } else { String::new() },
        error_links: if is_refused { vec![problem] } else { Vec::new() },
        widgets: vec![
            widget("old_password", "Current password", wrong),
            widget("new_password1", "New password", ""),
            widget("new_password2", "New password again", ""),
        ],
        rules: ["has 8 characters or more", "is not only digits", "is not a common one", "is not like your name"]
            .map(str::to_owned)
            .to_vec(),
        is_done: false,
    }
}

fn sessions() -> SessionsPage {
    let session = |browser: &str, address: &str, is_current| SessionView {
        id: format!("{browser:0>64}"),
        browser: browser.to_owned(),
        address: address.to_owned(),
        begun: "2026-01-15 08:12".to_owned(),
        last_used: "2026-01-15 16:40".to_owned(),
        is_current,
    };
    SessionsPage {
        action: SESSIONS.to_owned(),
        sessions: vec![
            session("Firefox on Linux", "192.0.2.17", true),
            session("Safari on iPhone", "2001:db8:1200:34:5678:9abc:def0:1234", false),
            session("Unknown browser", "", false),
        ],
    }
}

fn new_tenant() -> IndexPage {
    let step = |label: &str, href: &str, is_done| FirstStep {
        label: label.to_owned(),
        hint: "What it is for.",
        href: href.to_owned(),
        is_done,
    };
    let steps = [
        step("Import the VOs", "", true),
        step("Add a probe", "/poem/admin/poem/probe/add/", false),
        step("Add an API key", "/poem/admin/rest_framework_api_key/apikey/add/", false),
    ];
    IndexPage { first_steps: steps.to_vec(), ..index() }
}

fn index() -> IndexPage {
    let row = |label: &str, count: i64| IndexRow { list: link(label), add: Some(link("add")), count };
    let plain = |label: &str, count: i64| IndexRow { add: None, ..row(label, count) };
    let block = |label: &str, rows: Vec<IndexRow>| IndexBlock { label: label.to_owned(), rows };
    let groups = ["Groups of aggregations", "Groups of metrics", "Groups of probes", "Groups of profiles"];
    let groups = groups.iter().map(|label| row(label, 2));
    let recent = |action: &'static str, kind: &str, label: &str, message: &str| Event {
        action,
        kind: kind.to_owned(),
        ..event(label, "2019-03-01 14:05", message)
    };
    let waiting = |label: &str, users: &[&str], more: &str| WaitingLine {
        label: label.to_owned(),
        users: users.iter().map(|name| link(name)).collect(),
        more: more.to_owned(),
    };
    let attention = |count: i64, words: &str| AttentionLine { count, link: link(words) };
    IndexPage {
        first_steps: Vec::new(),
        attention: vec![
            attention(1, "active metric has no probe version"),
            attention(412, "metrics name a parent or dependency that does not exist"),
            attention(3, "API keys were not used for 90 days"),
        ],
        waiting: vec![
            waiting("A federated login asks for 1 account", &["bob"], ""),
            waiting("New accounts are in no group", &["Ivan_Ilic", "Zuza_Novakova"], "and 3 more"),
        ],
        sync: vec![
            SyncLine { label: "Service types".to_owned(), text: "never fetched".to_owned(), ..SyncLine::default() },
            SyncLine {
                label: "VOs".to_owned(),
                text: "up to date, 231 entries in the feed".to_owned(),
                ago: "35 minutes ago".to_owned(),
                time: "2024-09-23 09:00".to_owned(),
                iso: "2024-09-23T09:00:00+02:00".to_owned(),
                ..SyncLine::default()
            },
            SyncLine {
                label: "Services".to_owned(),
                text: "failing for 5 hours, last success 2024-09-23 04:00".to_owned(),
                ago: "35 minutes ago".to_owned(),
                time: "2024-09-23 09:00".to_owned(),
                iso: "2024-09-23T09:00:00+02:00".to_owned(),
                problem:
                    "Decoding JSON has failed. https://catalogue.example.org/: this is an HTML page titled \"Sign in\""
                        .to_owned(),
                needs_attention: true,
            },
        ],
        blocks: vec![
            block(
                "Registry",
                vec![
                    row("Aggregations", 3),
                    row("Metrics", 8412),
                    row("Probes", 96),
                    row("Profiles", 31),
                    plain("Services", 214),
                ],
            ),
            block("Users and groups", groups.chain([row("Users", 27)]).collect()),
            block("API keys", vec![row("API keys", 4)]),
            block("Activity log", vec![plain("Log entries", 104_233)]),
        ],
        recent: vec![RecentDay {
            label: "Today".to_owned(),
            events: vec![
                recent("change", "probe", "Changed \"ams-probe (0.1.11)\".", "Changed version and comment."),
                recent("delete", "metric", "Changed \"argo.AMS-Check (Production)\".", "Changed probe version."),
                recent("add", "profile", "Added \"ARGO_MON_CRITICAL\".", ""),
            ],
        }],
        log: "/poem/admin/admin/logentry/".to_owned(),
    }
}

fn with_tick() -> DeletePage {
    let tick = DeletionTick { name: "_delete_copy".into(), label: "Delete the metric profile, too".into() };
    DeletePage {
        tick: Some(tick),
        failure: "It is used by the report Critical. Nothing was deleted.".into(),
        ..deletion()
    }
}

fn metric_profile() -> MetricProfilePage {
    let fact = |label: &str, text: &str| InfoLine { label: label.into(), text: text.into(), links: Vec::new() };
    MetricProfilePage {
        object: "ARGO_MON_CRITICAL".into(),
        back: link("Back to the profile"),
        action: "/poem/admin/poem/profile/1/metricprofile/".into(),
        failure: "Changed on the ARGO WEB-API.".into(),
        state: "It differs there. Sending replaces what is there.".into(),
        facts: vec![fact("Sent", "2026-11-28 10:02"), fact("The last sending failed", "Changed on the ARGO WEB-API.")],
        only_here: vec!["SRM, org.sam.SRM-All".into(), "WebDAV, eu.egi.webdav.All".into()],
        only_there: vec!["CREAM-CE, emi.cream.CREAMCE-JobSubmit".into()],
        send: "Send".into(),
        shown: "0a1b".into(),
        on_every_save: true,
        can_change: true,
    }
}

fn metric_profile_of_others() -> MetricProfilePage {
    MetricProfilePage { can_change: false, failure: String::new(), facts: Vec::new(), ..metric_profile() }
}

fn deletion() -> DeletePage {
    let fact = |label: &str, text: &str, links: &[&str]| InfoLine {
        label: label.to_owned(),
        text: text.to_owned(),
        links: links.iter().map(|label| link(label)).collect(),
    };
    DeletePage {
        kind: "probe".to_owned(),
        object: "ams-probe (0.1.11)".to_owned(),
        action: "/poem/admin/poem/probe/1/delete/".to_owned(),
        back: link("No, back to the probe"),
        revision: "17".to_owned(),
        affected: vec![
            fact(
                "Metrics that stay, without a probe",
                "",
                &["argo.AMS-Check (Production)", "argo.AMS-Check (Devel)", "argo.AMSPublisher-Check (Production)"],
            ),
            fact("Its history", "3 versions stay in the log.", &[]),
        ],
        is_stale: false,
        failure: String::new(),
        tick: None,
        change_reason: Some(super::lists::reason()),
    }
}

fn search_of_a_kind() -> SearchPage {
    let page =
        |number: i64| Link::new(number.to_string(), format!("/poem/admin/search/?q=ams&kind=metric&page={number}"));
    SearchPage {
        is_cut: true,
        all_kinds: Some(Link::new("Show results of all kinds", "/poem/admin/search/?q=ams")),
        paging: Some(Paging {
            total: 44,
            from: 1,
            to: 30,
            pages: vec![Link { current: true, ..page(1) }, page(2)],
            previous: None,
            next: Some(page(2).href),
            ..Paging::default()
        }),
        findings: search().findings.into_iter().take(1).collect(),
        ..search()
    }
}

fn search() -> SearchPage {
    let text = |text: &str| SearchText::parse("ams").marked(text);
    let hit = |label: &str, note: &str| SearchHit {
        href: link(label).href,
        label: text(label),
        note: note.to_owned(),
        found_in: Vec::new(),
    };
    let in_place = |label: &str, (place, key, value): (&str, &str, &str)| SearchHit {
        found_in: vec![FoundPlace { place: place.to_owned(), key: text(key), text: text(value) }],
        ..hit(label, "")
    };
    SearchPage {
        action: "/poem/admin/search/".to_owned(),
        query: "ams".to_owned(),
        searched: "names, settings, executables, parents, tuples, URLs, descriptions, comments".to_owned(),
        is_cut: false,
        all_kinds: None,
        paging: None,
        findings: vec![
            SearchGroup {
                label: "Metrics".to_owned(),
                total: 14,
                found: vec![
                    hit("argo.AMS-Check (Production)", ""),
                    hit("argo.AMS-Check (Devel)", ""),
                    in_place("argo.Publisher-Check (Production)", ("in attribute", "argo.ams_TOKEN", "--token")),
                    in_place("argo.Queue-Check (Production)", ("in executable", "", "ams-probe")),
                ],
                more: Link::new("Show all 14 metrics", "/poem/admin/search/?q=ams&kind=metric"),
            },
            SearchGroup {
                label: "Probes".to_owned(),
                total: 1,
                found: vec![hit("ams-probe", "Checks the messaging of ARGO.")],
                more: Link::new("Show all 1 probes", "/poem/admin/search/?q=ams&kind=probe"),
            },
        ],
    }
}
