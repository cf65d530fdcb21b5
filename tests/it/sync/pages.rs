//! The states of the feeds on pages and in metrics.

use std::net::{SocketAddr, TcpListener};

use super::{configure, file_feed, vo_feed};
use crate::support::sql::sql;
use crate::support::{Installation, Server, http};

#[test]
fn superusers_see_the_states_of_the_feeds_on_the_index() {
    let installation = Installation::with_small_data();
    let feed = file_feed(&installation, "vos.xml", "<html><title>Sign in</title></html>");
    configure(&installation, "EGI", &format!("VO = {feed}"));
    installation.run("poem-syncvo", &[]);
    installation.run("poem-syncservices", &[]).done();
    sql(
        &installation,
        "UPDATE public.sync_status SET failing_since = now() - interval '5 hours', last_success = now() - interval '6 hours' WHERE feed = 'vos'",
    );
    let server = Server::start(&installation);
    let cookie = format!("sessionid={}", installation.log_in("poem"));
    let page = server.get_as("/poem/admin/", &[("Cookie", &cookie)]).text();
    for words in [
        "Synchronization",
        "failing for 5 hours, last success ",
        "this is an HTML page titled &quot;Sign in&quot;",
        "never fetched",
        "no feed is configured",
        "just now",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn the_services_page_has_the_line_about_the_last_sync_also_from_the_cache() {
    let installation = Installation::with_small_data();
    sql(&installation, "DELETE FROM egi.service");
    let feed = file_feed(&installation, "services.json", r#"[{"id": "s1", "service_name": "One"}]"#);
    configure(&installation, "EGI", &format!("Services = {feed}"));
    installation.run("poem-syncservices", &[]).done();
    let server = Server::start(&installation);
    let page = || server.get("/poem/admin/poem/public_service/").text();
    let has_line = |page: &str| page.contains("Service catalogue: changed, 1 entry in the feed. Fetched <time");
    // The states are read in the background, at the start of the server for the first time.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !has_line(&page()) {
        assert!(std::time::Instant::now() < end, "{}", page());
    }
    assert!(has_line(&page()) && !page().contains("last sync -->"), "{}", page());
}

#[test]
fn a_profile_says_that_its_vo_is_no_longer_listed() {
    let installation = Installation::with_small_data();
    let feed = file_feed(&installation, "vos.xml", &vo_feed(["new.example.org"]));
    configure(&installation, "EGI", &format!("VO = {feed}\nMaxRemovedPercent = 100"));
    let server = Server::start(&installation);
    let id = sql(&installation, "SELECT min(id) FROM egi.profile").remove(0);
    let page = || server.get(&format!("/poem/admin/poem/public_profile/{id}/change/")).text();
    assert!(!page().contains("no longer in the list"), "{}", page());
    installation.run("poem-syncvo", &[]).done();
    server.catch_up();
    assert!(page().contains("This VO is no longer in the list."), "{}", page());
}

#[test]
fn the_metrics_tell_when_a_feed_last_succeeded() {
    let installation = Installation::with_tenants();
    let feed = file_feed(&installation, "vos.xml", &vo_feed(["ops"]));
    configure(&installation, "EGI", &format!("VO = {feed}"));
    installation.run("poem-syncvo", &[]).done();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    installation.configure("[SERVER]\n", &format!("[SERVER]\nManagementPort = {port}\n"));
    let _server = Server::start(&installation);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let metrics = http::send(address, "GET", "/metrics", &[("Host", "localhost")], b"").text();
        let has = |line: &str| metrics.lines().any(|found| found.starts_with(line));
        let labels = "{feed=\"vos\",tenant=\"egi\"}";
        if has(&format!("poem_sync_failing{labels} 0")) && has(&format!("poem_sync_entries{labels} 1")) {
            assert!(has(&format!("poem_sync_last_success_timestamp_seconds{labels} 1")), "{metrics}");
            assert!(
                !metrics.contains("tenant=\"two\",feed") && !metrics.contains("feed=\"vos\",tenant=\"two\""),
                "{metrics}"
            );
            return;
        }
        assert!(std::time::Instant::now() < end, "{metrics}");
    }
}
