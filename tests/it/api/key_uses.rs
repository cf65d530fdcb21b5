//! The last use of API keys: noted in memory, and written once a minute.

use std::time::Duration;

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use poem::auth::key_uses::KeyUses;
use poem::registry::api_key_uses;

use crate::support::cluster::queries;
use crate::support::installation::{EGI_TOKEN, egi};
use crate::support::sql::{sql, wait_until};
use crate::support::{Installation, Server, block_on};

const USES: &str = "SELECT k.client FROM egi.api_key_use u JOIN egi.api_key k ON k.id = u.api_key_id ORDER BY 1";
const STAMP: &str = "SELECT stamp FROM public.tenant_stamp WHERE schema_name = 'egi'";

fn hash(installation: &Installation) -> Vec<u8> {
    installation.keys().token_hash(EGI_TOKEN)
}

/// Notes a use, and writes what was noted so far.
fn write(installation: &Installation, uses: &KeyUses) -> bool {
    block_on(async { uses.write(&installation.pool()).await })
}

#[test]
fn the_use_of_a_key_is_recorded_without_a_query_in_the_request() {
    let installation = Installation::with_small_data();
    let entries_before = sql(&installation, "SELECT count(*) FROM egi.log_entry");
    let server = Server::start(&installation);
    let request = |token: &str| server.get_with_key("/poem/api/v2/profiles/", token).status;
    assert_eq!(request(EGI_TOKEN), 200);
    wait_until(&installation, USES, "EGI");
    let stamp = sql(&installation, STAMP);
    assert_eq!(queries(&installation.database, || assert_eq!(request(EGI_TOKEN), 200)), [""; 0]);
    assert_eq!(sql(&installation, STAMP), stamp, "a use invalidates no cache");
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.log_entry"), entries_before, "a use is no log entry");
    assert_eq!(request("wrong"), 403);
    assert_eq!(sql(&installation, USES), ["EGI"]);
}

#[test]
fn a_server_that_ends_writes_the_uses_of_its_last_minute() {
    let installation = Installation::with_small_data();
    let mut server = Server::start(&installation);
    assert_eq!(server.get_with_key("/poem/api/v2/profiles/", EGI_TOKEN).status, 200);
    wait_until(&installation, USES, "EGI");
    // The next write of the background is a minute away.
    sql(&installation, "UPDATE egi.api_key_use SET last_used = '2020-01-01 12:00Z'");
    assert_eq!(server.get_with_key("/poem/api/v2/profiles/", EGI_TOKEN).status, 200);
    server.signal(Signal::SIGTERM);
    assert!(server.ends_within(Duration::from_secs(10)));
    assert_eq!(sql(&installation, "SELECT last_used > now() - interval '1 day' FROM egi.api_key_use"), ["t"]);
}

#[test]
fn the_later_use_of_two_servers_counts() {
    let installation = Installation::with_small_data();
    let record = |time: &str| {
        let uses =
            [(hash(&installation), time.parse::<DateTime<Utc>>().unwrap()), (b"no such token".to_vec(), Utc::now())];
        block_on(async { api_key_uses::record(&installation.pool(), &egi(), &uses).await.unwrap() });
        sql(&installation, "SELECT to_char(last_used AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM egi.api_key_use")
    };
    assert_eq!(record("2024-05-02T00:00:00Z"), ["2024-05-02"]);
    assert_eq!(record("2024-05-01T00:00:00Z"), ["2024-05-02"]);
    assert_eq!(record("2024-05-03T00:00:00Z"), ["2024-05-03"]);
}

#[test]
fn a_use_waits_for_a_database_that_does_not_write() {
    let installation = Installation::with_small_data();
    let uses = KeyUses::default();
    uses.note(&egi(), &hash(&installation));
    sql(
        &installation,
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '25006'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON egi.api_key_use FOR EACH ROW EXECUTE PROCEDURE public.refuse();",
    );
    assert!(write(&installation, &uses) && sql(&installation, USES).is_empty());
    sql(&installation, "DROP TRIGGER refuse ON egi.api_key_use");
    assert!(write(&installation, &uses));
    assert_eq!(sql(&installation, USES), ["EGI"]);
    assert!(!write(&installation, &uses), "nothing is left to write");
}

/// A key that is deleted takes its use along; the use of a token that was replaced is ignored.
#[test]
fn the_use_of_a_key_that_is_gone_is_no_error() {
    let installation = Installation::with_small_data();
    let uses = KeyUses::default();
    uses.note(&egi(), &hash(&installation));
    sql(&installation, "DELETE FROM egi.api_key WHERE client = 'EGI'");
    assert!(write(&installation, &uses) && !write(&installation, &uses));
    assert!(sql(&installation, USES).is_empty());
}
