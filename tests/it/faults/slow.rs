//! A database that answers late, or has no free connection.

use std::time::{Duration, Instant};

use super::proxy::SlowProxy;
use super::{AGGREGATIONS, Writer, await_status, in_time, metrics};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{Holder, sql, wait_until};
use crate::support::{DisposableDatabase, HttpResponse, Installation, Server};

const PROFILE: &str = "/poem/api/v2/profiles/ARGO_MON";
/// A delay at which two queries, sent every quarter of a second, still return a state younger than a second.
const SLOW: Duration = Duration::from_millis(200);

/// Returns a PostgreSQL, an installation that uses it, and the proxy between them.
fn behind_a_proxy() -> (DisposableDatabase, Installation, SlowProxy) {
    let database = DisposableDatabase::new();
    let installation = database.installation();
    let proxy = SlowProxy::to(&database);
    proxy.use_for(&installation, &database);
    (database, installation, proxy)
}

/// Cached responses are served as long as they are known to be fresh; nothing older than a second is served, and no
/// request waits long.
#[test]
fn over_a_slow_connection_responses_are_cached_fresh_or_refused_in_time() {
    let (_database, installation, proxy) = behind_a_proxy();
    let server = Server::start(&installation);
    let profile = || server.get_with_key(PROFILE, EGI_TOKEN);
    await_status(200, || metrics(&server));
    await_status(200, profile);
    proxy.delay(SLOW);
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end {
        let answer = server.knows(|server| in_time(|| metrics(server)));
        assert_eq!(answer.status, 200, "it is cached, and its stamp can be read");
    }
    sql(&installation, "UPDATE egi.profile SET description = 'new'");
    server.catch_up();
    for _ in 0..5 {
        assert_new_or_refused(&in_time(profile));
    }
    // The keys are loaded in the end, even if it takes long.
    await_status(403, || server.get_with_key(PROFILE, "wrong-key"));
    proxy.delay(Duration::ZERO);
    await_status(200, profile);
    assert_new_or_refused(&profile());
}

#[track_caller]
fn assert_new_or_refused(answer: &HttpResponse) {
    match answer.status {
        200 => assert_eq!(answer.json()["description"], "new"),
        status => assert_eq!(status, 503),
    }
}

#[test]
fn a_server_that_starts_over_a_slow_connection_serves_in_the_end() {
    let (_database, installation, proxy) = behind_a_proxy();
    proxy.delay(SLOW / 2);
    let server = Server::start(&installation);
    await_status(200, || server.get_with_key(PROFILE, EGI_TOKEN));
}

/// Far more requests wait for one tenant's tables than there are connections: they get 503 in time, and the other
/// tenant is still served.
#[test]
fn locked_tables_of_a_tenant_do_not_use_up_all_connections() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    assert_eq!(metrics(&server).status, 200);
    let writer = Writer::new(&installation);
    let tables = "BEGIN; LOCK TABLE egi.metric, egi.probe, egi.aggregation IN ACCESS EXCLUSIVE MODE";
    let mut holder = Holder::of(&installation, tables);
    std::thread::scope(|scope| {
        for number in 0..40 {
            let (server, writer) = (&server, &writer);
            scope.spawn(move || {
                let answer = in_time(|| match number % 4 {
                    0 => writer.get(server, "/poem/api/v2/internal/probes/ams-probe"),
                    1 => writer.add_aggregation(server, &format!("waits-{number}")),
                    2 => server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN),
                    _ => server.get(&format!("/poem/api/0.2/json/metrics?tag=Production&n={number}")),
                });
                assert_eq!((answer.status, answer.header("Retry-After").is_some()), (503, true), "{number}");
            });
        }
    });
    assert_eq!(in_time(|| metrics(&server)).status, 200, "it is cached");
    let other = || server.send("GET", "/poem/api/0.2/json/metrics?tag=Test", &[("Host", "two.localhost")], b"");
    await_status(200, other);
    holder.run("ROLLBACK");
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.aggregation WHERE name LIKE 'waits-%'"), ["0"]);
    await_status(200, || server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN));
    assert_eq!(writer.add_aggregation(&server, "later").status, 201);
}

/// A tenant has one writer at a time. A save that arrives while another writer is active gets 503.
#[test]
fn a_save_waits_for_another_writer_only_for_a_limited_time() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    let load = Holder::of(&installation, "SELECT pg_advisory_lock(hashtext('poem tenant'), hashtext('egi'))");
    let refused = in_time(|| writer.add_aggregation(&server, "impatient"));
    assert_eq!((refused.status, refused.header("Retry-After").is_some()), (503, true));
    drop(load);
    await_status(201, || writer.add_aggregation(&server, "patient"));
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.aggregation WHERE name = 'impatient'"), ["0"]);
}

/// Connections die without being closed, as behind a firewall: requests on them get an error in time, and new
/// connections replace them.
#[test]
fn connections_that_died_silently_are_replaced() {
    let (_database, installation, proxy) = behind_a_proxy();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    // Fill the pool.
    proxy.delay_begin(SLOW);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| await_status(200, || writer.get(&server, AGGREGATIONS)));
        }
    });
    proxy.delay_begin(Duration::ZERO);
    proxy.cut();
    // All connections are used at the same time, before any is known to be dead.
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| in_time(|| writer.get(&server, AGGREGATIONS)));
        }
    });
    for number in 0..20 {
        await_status(201, || writer.add_aggregation(&server, &format!("after-{number}")));
    }
}

/// More requests than connections time out while they begin a transaction: each gets 503 in time, and none returns its
/// connection to the pool with the transaction open.
#[test]
fn a_request_that_times_out_in_begin_leaves_no_transaction_open() {
    let (_database, installation, proxy) = behind_a_proxy();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    await_status(200, || writer.get(&server, AGGREGATIONS));
    for round in 0..3 {
        proxy.delay_begin(Duration::from_millis(2500));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| assert_eq!(in_time(|| writer.get(&server, AGGREGATIONS)).status, 503));
            }
        });
        proxy.delay_begin(Duration::ZERO);
        let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        wait_until(&installation, open, "0");
        for number in 0..20 {
            await_status(201, || writer.add_aggregation(&server, &format!("{round}-{number}")));
        }
    }
}
