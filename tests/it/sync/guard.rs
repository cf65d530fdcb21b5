//! Feeds that would remove too much, and the dry run.

use super::{configure, file_feed, status, vo_feed, vos};
use crate::support::Installation;
use crate::support::sql::{everything, sql};

/// An installation whose tenant EGI has these numbered VOs, and a feed of other ones.
fn with_vos(listed: usize, in_feed: usize, further: &str) -> Installation {
    let installation = Installation::with_small_data();
    let numbers = format!("SELECT 'vo' || lpad(n::text, 3, '0') FROM generate_series(1, {listed}) AS n");
    sql(&installation, &format!("DELETE FROM egi.vo; INSERT INTO egi.vo {numbers}"));
    let names: Vec<String> = (1..=in_feed).map(|number| format!("vo{number:03}")).collect();
    let feed = file_feed(&installation, "vos.xml", &vo_feed(names.iter().map(String::as_str).chain(["zz-new"])));
    configure(&installation, "EGI", &format!("VO = {feed}\n{further}"));
    installation
}

#[test]
fn too_many_removals_are_refused_until_they_are_forced() {
    let installation = with_vos(30, 20, "");
    let before = vos(&installation);
    let ran = installation.run("poem-syncvo", &[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
    let words =
        "Refused to delete 10 of 30 VO: more than 20 %. poem-syncvo --dry-run -n egi shows them, --force deletes them";
    assert_eq!(ran.stderr, format!("EGI: {words}\n"));
    assert!(installation.log().contains(&format!("ERROR EGI: {words}\n")));
    assert_eq!(vos(&installation), before, "nothing is added either");
    assert_eq!(status(&installation, "egi", "vos"), "refused|10 of 30 would be deleted: more than 20 %|0|0|0");
    assert_eq!(
        sql(&installation, "SELECT failing_since IS NOT NULL FROM public.sync_status WHERE schema_name = 'egi'"),
        ["t"]
    );
    installation.run("poem-syncvo", &["--force"]).done();
    assert_eq!(vos(&installation).len(), 21);
    assert_eq!(status(&installation, "egi", "vos"), "changed||1|0|10");
    assert_eq!(
        sql(&installation, "SELECT failing_since IS NULL FROM public.sync_status WHERE schema_name = 'egi'"),
        ["t"]
    );
}

#[test]
fn the_percentage_is_configurable() {
    let installation = with_vos(30, 20, "MaxRemovedPercent = 40");
    installation.run("poem-syncvo", &[]).done();
    assert_eq!(vos(&installation).len(), 21);
}

#[test]
fn a_dry_run_prints_everything_and_writes_nothing() {
    let installation = with_vos(30, 20, "");
    sql(&installation, "UPDATE egi.profile SET vo = 'vo025'");
    let profile = sql(&installation, "SELECT DISTINCT name FROM egi.profile ORDER BY 1").join(", ");
    let (before, log) = (everything(&installation), installation.log());
    let ran = installation.run("poem-syncvo", &["--dry-run"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[..2], ["EGI: VO", "- vo021"]);
    assert!(lines.contains(&format!("- vo025 (owns profiles {profile})").as_str()), "{ran:?}");
    let summary = "1 to add, 0 to change, 10 to remove of 30: would be refused (more than 20 %)";
    assert_eq!(lines[11..], ["+ zz-new", summary]);
    let forced = installation.run("poem-syncvo", &["--dry-run", "--force"]).done();
    assert!(forced.stdout.ends_with("1 to add, 0 to change, 10 to remove of 30\n"), "{forced:?}");
    assert_eq!((everything(&installation), installation.log()), (before, log));
}

#[test]
fn a_vo_that_goes_is_kept_by_its_profiles() {
    let installation = with_vos(3, 2, "");
    sql(&installation, "UPDATE egi.profile SET vo = 'vo003'");
    installation.run("poem-syncvo", &[]).done();
    assert!(installation.log().contains("WARNING EGI: VO vo003 is gone from the feed and still owns profiles "));
    assert_eq!(sql(&installation, "SELECT DISTINCT vo FROM egi.profile"), ["vo003"]);
    assert_eq!(vos(&installation), ["vo001", "vo002", "zz-new"]);
}
