//! What the commands do with good feeds, and where they say it.

use std::time::{Duration, Instant};

use super::{COMMANDS, configure, file_feed, service_type_feed, status, vo_feed, vos};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::sql;
use crate::support::{Installation, Server};

const SERVICES: &str = r#"[{"id": "s1", "service_name": "One", "service_area": "Compute", "in_catalogue": true},
                           {"id": "s2", "service_name": "Two", "service_version": 3}]"#;

/// An installation whose tenant EGI has three feeds.
fn with_feeds() -> Installation {
    let installation = Installation::with_small_data();
    sql(&installation, "DELETE FROM egi.vo; DELETE FROM egi.service");
    let types = file_feed(&installation, "types.xml", &service_type_feed(&[("CREAM-CE", "changed"), ("NEW", "")]));
    let vos = file_feed(&installation, "vos.xml", &vo_feed(["ops", "new.example.org"]));
    let services = file_feed(&installation, "services.json", SERVICES);
    configure(&installation, "EGI", &format!("ServiceType = {types}\nVO = {vos}\nServices = {services}"));
    installation
}

fn list(installation: &Installation, select: &str) -> Vec<String> {
    sql(installation, &format!("{select} ORDER BY 1"))
}

#[test]
fn the_commands_make_the_lists_equal_to_their_feeds() {
    let installation = with_feeds();
    sql(&installation, "INSERT INTO egi.service SELECT 'old', '', '', '', '', '', '', '', false, false, false, false");
    sql(&installation, "INSERT INTO egi.vo VALUES ('ops'), ('gone')");
    sql(&installation, "UPDATE egi.service_flavour SET description = 'stays' WHERE name <> 'CREAM-CE'");
    let flavours = list(&installation, "SELECT name FROM egi.service_flavour").len();
    for (command, _) in COMMANDS {
        let ran = installation.run(command, &[]).done();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "without a terminal it is silent");
    }
    assert_eq!(vos(&installation), ["new.example.org", "ops"]);
    assert_eq!(
        list(&installation, "SELECT name, description FROM egi.service_flavour WHERE description <> 'stays'"),
        ["CREAM-CE|changed", "NEW|"]
    );
    assert_eq!(list(&installation, "SELECT name FROM egi.service_flavour").len(), flavours + 1, "none is removed");
    let services = "SELECT id, service_name, service_version, in_catalogue, external_service FROM egi.service";
    assert_eq!(list(&installation, services), ["s1|One||t|f", "s2|Two|3|f|f"]);
    let log = installation.log();
    for line in [
        "EGI: Added/updated 2 service flavours",
        "EGI: Added/updated service flavours: NEW, CREAM-CE",
        "EGI: Added 1 VO",
        "EGI: Added VO: new.example.org",
        "EGI: Deleted 1 VO",
        "EGI: Added 2 services",
        "EGI: Deleted 1 services.",
        "TWO: no VO feed configured, skipped",
    ] {
        assert!(log.contains(&format!(" INFO {line}\n")) || log.contains(&format!("INFO {line}\n")), "{line}: {log}");
    }
    assert_eq!(status(&installation, "egi", "vos"), "changed||1|0|1");
    assert_eq!(status(&installation, "two", "vos"), "not configured||0|0|0");
}

#[test]
fn an_unchanged_feed_writes_nothing_and_cached_responses_stay() {
    let installation = with_feeds();
    for (command, _) in COMMANDS {
        installation.run(command, &[]).done();
    }
    let server = Server::start(&installation);
    let metrics = || server.get_with_key("/poem/api/v2/metrics/", EGI_TOKEN);
    let stamp = || sql(&installation, "SELECT schema_name, stamp FROM public.tenant_stamp ORDER BY 1");
    let before = (stamp(), metrics().header("ETag").map(str::to_owned));
    for (command, _) in COMMANDS {
        let ran = installation.run(command, &["-v"]).done();
        assert!(ran.stdout.contains("database is up to date\n"), "{ran:?}");
    }
    assert_eq!((stamp(), metrics().header("ETag").map(str::to_owned)), before);
    // A change is served within a second, also where the page was cached.
    let services = || server.get("/poem/admin/poem/public_service/").text();
    assert!(services().contains("Compute"), "{}", services());
    file_feed(&installation, "services.json", &SERVICES.replace("Compute", "Cloud"));
    installation.run("poem-syncservices", &[]).done();
    let began = Instant::now();
    while !services().contains("Cloud") {
        assert!(began.elapsed() < Duration::from_secs(1), "{}", services());
    }
    assert_ne!(stamp(), before.0);
    assert_eq!(status(&installation, "egi", "services").split('|').next(), Some("changed"));
}

#[test]
fn a_service_that_changes_keeps_its_id() {
    let installation = with_feeds();
    installation.run("poem-syncservices", &[]).done();
    file_feed(&installation, "services.json", &SERVICES.replace("Compute", "Cloud"));
    let ran = installation.run("poem", &["syncservices", "--verbose"]).done();
    assert_eq!(ran.stdout.lines().next(), Some("EGI: Changed 1 services"), "{ran:?}");
    assert_eq!(list(&installation, "SELECT id, service_area FROM egi.service"), ["s1|Cloud", "s2|"]);
}

#[test]
fn wrong_arguments_are_refused_with_the_words_of_2_3() {
    let installation = Installation::with_tenants();
    for (command, _) in COMMANDS {
        let short = command.trim_start_matches("poem-");
        for (program, arguments) in [
            (command, &["egi"][..]),
            (command, &["--unknown"]),
            (command, &["-n"]),
            ("poem", &[short, "egi"]),
            ("poem", &[short, "-x"]),
        ] {
            let ran = installation.run(program, arguments);
            assert_eq!(ran.status, 2, "{ran:?}");
            assert_eq!(ran.stderr, "Script does not take any argument and should be called without any\n");
        }
        let help = installation.run(command, &["--help"]).done();
        assert!(help.stdout.contains("--dry-run") && help.stdout.contains("--force"), "{help:?}");
    }
}

#[test]
fn one_tenant_is_named_by_its_schema() {
    let installation = with_feeds();
    let vos_of_two = file_feed(&installation, "two.xml", &vo_feed(["two.example.org"]));
    configure(&installation, "TWO", &format!("VO = {vos_of_two}"));
    installation.run("poem-syncvo", &["-n", "two"]).done();
    assert_eq!(sql(&installation, "SELECT name FROM two.vo"), ["two.example.org"]);
    assert_eq!(status(&installation, "egi", "vos"), "");
    let ran = installation.run("poem-syncvo", &["--tenant", "nobody"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("there is no tenant with the schema nobody"), "{ran:?}");
}

#[test]
fn the_state_of_a_feed_goes_with_its_tenant() {
    let installation = with_feeds();
    installation.run("poem-syncvo", &[]).done();
    installation.run("poem-tenant", &["--delete", "two", "--yes"]).done();
    assert_eq!(sql(&installation, "SELECT schema_name FROM public.sync_status"), ["egi"]);
}
