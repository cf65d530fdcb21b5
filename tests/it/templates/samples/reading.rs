//! Sample pages to read: the help, the description of the API, and the page about the tenant.

use std::collections::BTreeMap;

use super::{Sample, layout, link, public, tabs};
use poem::domain::model::object_kind::KINDS;
use poem::domain::web::api_description::{curl_line, description};
use poem::templates::Link;
use poem::templates::about_page::AboutPage;
use poem::templates::api_page::{ApiCall, ApiPage, ApiTopic};
use poem::templates::help_page::HelpPage;
use poem::templates::index_page::IndexRow;
use poem::templates::json_page::JsonPage;
use poem::templates::object_tabs::ObjectTab;
use poem::templates::sync_line::SyncLine;

/// Returns the samples of this file.
pub fn samples() -> Vec<Sample> {
    let public_about = AboutPage { superusers: Vec::new(), contact: None, namespace: String::new(), ..about() };
    vec![
        Sample::new("help", layout("Help", ""), help(|slug| format!("/poem/admin/poem/{slug}/"))),
        Sample::new("help-public", public("Help", ""), help(|_| String::new())),
        Sample::new("api", layout("API", ""), ApiPage { keys: Some(link("API keys")), ..api(true) }),
        Sample::new("api-public", public("API", ""), api(false)),
        Sample::new("json", layout("JSON: argo.AMS-Check", "Metrics"), json()),
        Sample::new("json-long", layout("JSON: ARGO_MON", "Profiles"), long_json()),
        Sample::new("about", layout("About", ""), about()),
        Sample::new("about-public", public("About", ""), public_about),
    ]
}

fn json() -> JsonPage {
    JsonPage {
        kind: "Metric".to_owned(),
        object: "argo.AMS-Check".to_owned(),
        tag: "Production".to_owned(),
        tabs: tabs(ObjectTab::Json),
        json: "{\n  \"name\": \"argo.AMS-Check\",\n  \"tag\": \"Production\",\n  \"path\": \"/usr/libexec/argo-monitoring/probes/argo/a-very-long-directory-name/of-a-probe-that-has-a-very-long-name\"\n}\n".to_owned(),
        bytes: 93,
        download: "/poem/admin/poem/metric/7/export/?format=json".to_owned(),
        curl: "curl -H 'x-api-key: YOUR_TOKEN' 'https://poem.example.org/poem/api/v2/metrics/Production'".to_owned(),
    }
}

fn long_json() -> JsonPage {
    let object = "ARGO_MON".to_owned();
    JsonPage { object, json: String::new(), tag: String::new(), bytes: 481_234, curl: String::new(), ..json() }
}

fn help(address: impl Fn(&str) -> String) -> HelpPage {
    let names = KINDS.iter().flat_map(|info| [info.slug.to_owned(), format!("add_{}", info.slug)]);
    let others = ["log", "search"].map(str::to_owned);
    let at: BTreeMap<_, _> = names.chain(others).map(|name| (name.clone(), address(&name))).collect();
    HelpPage { at }
}

fn api(with_internal: bool) -> ApiPage {
    let topics = description().sections.iter().filter(|section| with_internal || !section.is_internal);
    let topic = |section: &'static poem::domain::web::api_description::ApiSection| ApiTopic {
        name: &section.name,
        title: section.name.clone(),
        about: &section.about,
        calls: section
            .addresses
            .iter()
            .map(|address| ApiCall {
                address,
                curl: curl_line("https://poem.example.org", &address.sample, Some("YOUR_TOKEN")),
            })
            .collect(),
    };
    ApiPage {
        introduction: &description().introduction,
        topics: topics.map(topic).collect(),
        keys: None,
        document: Link::new("openapi.json", "/poem/api/v2/openapi.json"),
    }
}

fn about() -> AboutPage {
    let row = |label: &str, count| IndexRow { list: link(label), add: None, count };
    let feed = SyncLine {
        label: "VOs".to_owned(),
        text: "up to date, 231 entries in the feed".to_owned(),
        ago: "35 minutes ago".to_owned(),
        time: "2026-11-03 13:25".to_owned(),
        iso: "2026-11-03T13:25:00+01:00".to_owned(),
        ..SyncLine::default()
    };
    let failing = SyncLine {
        label: "Services".to_owned(),
        text: "failing for 5 hours, never succeeded".to_owned(),
        problem: "feed.example.org: connection refused".to_owned(),
        needs_attention: true,
        ..feed.clone()
    };
    AboutPage {
        tenant: "egi".to_owned(),
        host: "poem.example.org".to_owned(),
        namespace: "hr.cro-ngi.TEST".to_owned(),
        contact: Some(Link::new("poem@example.org", "mailto:poem@example.org")),
        superusers: ["alice", "ada"].map(str::to_owned).to_vec(),
        counts: vec![row("Profiles", 7), row("Metrics", 183)],
        sync: vec![feed, failing],
    }
}
