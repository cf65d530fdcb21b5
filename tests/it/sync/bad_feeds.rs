//! Feeds and configurations that cannot be used: nothing changes, one line says why, and the other tenants are done.

use super::{COMMANDS, configure, file_feed, status, vo_feed};
use crate::support::Installation;
use crate::support::sql::{sql, tables};
use crate::support::test_server::serve;

/// The lists and their stamps, without the states of the feeds.
fn lists(installation: &Installation) -> String {
    sql(installation, "UPDATE public.sync_status SET result = 'not configured', message = ''");
    let all = tables(installation);
    all.split("public.sync_status\n").next().unwrap().to_owned()
}

#[test]
fn a_feed_that_cannot_be_read_changes_nothing() {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>";
    let bomb = "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>";
    for (command, content, words) in [
        ("poem-syncvo", page, "EGI: Could not parse VO card - ADDRESS: this is an HTML page titled \"Sign in\""),
        ("poem-syncvo", "<VoDump/>", "EGI: Error synchronizing VO due to invalid VO card: ADDRESS: there is no IDCard"),
        ("poem-syncvo", "", "EGI: VO card - ADDRESS: the file is empty"),
        ("poem-syncvo", bomb, "EGI: Could not parse VO card - ADDRESS: it has a DOCTYPE, which is refused"),
        (
            "poem-syncvo",
            "<VoDump><IDCard Name='a'",
            "EGI: Could not parse VO card - ADDRESS: it is not well-formed XML",
        ),
        ("poem-syncservtype", page, "EGI: Error parsing service flavours - ADDRESS: this is an HTML page"),
        (
            "poem-syncservtype",
            "<error>No identity was presented</error>",
            "EGI: Error parsing service flavours - ADDRESS: there is no SERVICE_TYPE with a name, the root is <error>",
        ),
        ("poem-syncservices", page, "EGI: Decoding JSON has failed. ADDRESS: this is an HTML page titled \"Sign in\""),
        ("poem-syncservices", "[]", "EGI: Error parsing services - ADDRESS: the list is empty"),
        (
            "poem-syncservices",
            r#"[{"id": "a", "in_catalogue": "true"}]"#,
            "EGI: Error parsing services - ADDRESS: entry 1 (id a): in_catalogue is \"true\", not a boolean",
        ),
    ] {
        let installation = Installation::with_small_data();
        let feed = file_feed(&installation, "feed", content);
        let (_, key) = COMMANDS.into_iter().find(|(name, _)| *name == command).unwrap();
        configure(&installation, "EGI", &format!("{key} = {feed}"));
        let before = lists(&installation);
        let ran = installation.run(command, &[]);
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.lines().count()), (1, "", 1), "{ran:?}");
        let words = words.replace("ADDRESS", &feed);
        assert!(ran.stderr.starts_with(&words), "{ran:?}, not {words}");
        assert!(installation.log().contains(&format!("ERROR {words}")), "{}", installation.log());
        let select = "SELECT result || ' ' || message FROM public.sync_status WHERE schema_name = 'egi'";
        let stored = sql(&installation, select).remove(0);
        assert!(format!("EGI: {}", stored.trim_start_matches("failed ")).starts_with(&words), "{stored}");
        assert_eq!(lists(&installation), before, "{command}");
    }
}

#[test]
fn the_trouble_of_one_tenant_does_not_touch_the_others() {
    let installation = Installation::with_tenants();
    let good = file_feed(&installation, "good.xml", &vo_feed(["ops"]));
    for (section, words) in [
        ("UsePlainHttpAuth = yes", "[SYNC_EGI] HttpUser is empty"),
        ("MaxRemovedPercent = 120", "[SYNC_EGI] MaxRemovedPercent is not a percentage (0 to 100)"),
        ("VO = ftp://feeds.example.org/", "[SYNC_EGI] VO has the scheme ftp; http, https and file are supported"),
        ("VO = feeds.example.org", "[SYNC_EGI] VO is not an address: relative URL without a base"),
        ("VO = file:///nowhere/feed.xml", "EGI: VO card - file:///nowhere/feed.xml: No such file or directory"),
    ] {
        let text = std::fs::read_to_string(installation.config_path()).unwrap();
        let kept = text.split("\n[SYNC_").next().unwrap();
        std::fs::write(installation.config_path(), kept).unwrap();
        configure(&installation, "EGI", section);
        configure(&installation, "TWO", &format!("VO = {good}"));
        sql(&installation, "DELETE FROM two.vo");
        let ran = installation.run("poem-syncvo", &[]);
        assert_eq!((ran.status, ran.stderr.lines().count()), (1, 1), "{ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}, not {words}");
        assert_eq!(sql(&installation, "SELECT name FROM two.vo"), ["ops"], "{section}");
        assert!(status(&installation, "egi", "vos").starts_with("failed|"));
    }
}

#[test]
fn a_temporary_failure_is_tried_again_twice() {
    let installation = Installation::with_tenants();
    let address =
        serve(|_| b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec());
    for tenant in ["EGI", "TWO"] {
        configure(&installation, tenant, &format!("VO = http://{address}/"));
    }
    let ran = installation.run("poem-syncvo", &[]);
    let failure = format!("http://{address}/ responded with status 503 Service Unavailable");
    assert_eq!(ran.stderr, format!("EGI: VO card - {failure}\nTWO: VO card - {failure}\n"));
    let log = installation.log();
    for tenant in ["EGI", "TWO"] {
        let retry = format!("INFO {tenant}: {failure}; trying again in 0 s\n");
        assert_eq!(log.matches(&retry).count(), 2, "{log}");
    }
}

#[test]
fn a_schema_with_pending_migrations_is_left_alone() {
    let installation = Installation::with_tenants();
    let good = file_feed(&installation, "good.xml", &vo_feed(["ops"]));
    configure(&installation, "EGI", &format!("VO = {good}"));
    configure(&installation, "TWO", &format!("VO = {good}"));
    sql(&installation, "DELETE FROM public.migration WHERE schema_name = 'egi' AND version > 1");
    let ran = installation.run("poem-syncvo", &[]);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.stderr, "EGI: schema egi has migrations pending: run poem-db -a\n");
    assert_eq!(sql(&installation, "SELECT name FROM two.vo"), ["ops"]);
}
