//! A database that answers late, or has nobody free to answer.

use std::time::{Duration, Instant};

use super::proxy::SlowLine;
use super::{AGGREGATIONS, Writer, await_status, metrics, soon};
use crate::support::installation::EGI_TOKEN;
use crate::support::sql::{Holder, sql, wait_until};
use crate::support::{DisposableDatabase, HttpResponse, Installation, Server};

const PROFILE: &str = "/poem/api/v2/profiles/ARGO_MON";
/// What is asked twice over it, every quarter of a second, is still younger than a second.
const SLOW: Duration = Duration::from_millis(200);

/// A PostgreSQL, an installation over it, and the line between them.
fn over_a_line() -> (DisposableDatabase, Installation, SlowLine) {
    let database = DisposableDatabase::new();
    let installation = database.installation();
    let line = SlowLine::to(&database);
    line.lead(&installation, &database);
    (database, installation, line)
}

/// Ready answers go on as long as they are known to be fresh; nothing that is older than a second is said, and nobody
/// waits long.
#[test]
fn over_a_slow_line_ready_answers_go_on_and_the_others_are_right_or_refused_soon() {
    let (_fleeting, installation, line) = over_a_line();
    let server = Server::start(&installation);
    let profile = || server.get_with_key(PROFILE, EGI_TOKEN);
    await_status(200, || metrics(&server));
    await_status(200, profile);
    line.delay(SLOW);
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end {
        let answer = server.knows(|server| soon(|| metrics(server)));
        assert_eq!(answer.status, 200, "it is ready in memory, and the database can be asked");
    }
    sql(&installation, "UPDATE egi.profile SET description = 'new'");
    server.catch_up();
    for _ in 0..5 {
        assert_new_or_refused(&soon(profile));
    }
    // What names and keys there are is learnt in the end, however long it takes.
    await_status(403, || server.get_with_key(PROFILE, "wrong-key"));
    line.delay(Duration::ZERO);
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
fn a_server_that_starts_over_a_slow_line_serves_in_the_end() {
    let (_fleeting, installation, line) = over_a_line();
    line.delay(SLOW / 2);
    let server = Server::start(&installation);
    await_status(200, || server.get_with_key(PROFILE, EGI_TOKEN));
}

/// Far more requests wait for one tenant's tables than there are connections: they are refused soon, and the other
/// tenant is served all the same.
#[test]
fn locked_tables_of_a_tenant_use_up_nobody_elses_connections() {
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
                let answer = soon(|| match number % 4 {
                    0 => writer.get(server, "/poem/api/v2/internal/probes/ams-probe"),
                    1 => writer.add_aggregation(server, &format!("waits-{number}")),
                    2 => server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN),
                    _ => server.get(&format!("/poem/api/0.2/json/metrics?tag=Production&n={number}")),
                });
                assert_eq!((answer.status, answer.header("Retry-After").is_some()), (503, true), "{number}");
            });
        }
    });
    assert_eq!(soon(|| metrics(&server)).status, 200, "it is ready in memory");
    let other = || server.send("GET", "/poem/api/0.2/json/metrics?tag=Test", &[("Host", "two.localhost")], b"");
    await_status(200, other);
    holder.run("ROLLBACK");
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.aggregation WHERE name LIKE 'waits-%'"), ["0"]);
    await_status(200, || server.get_with_key("/poem/api/v2/metrics/Devel", EGI_TOKEN));
    assert_eq!(writer.add_aggregation(&server, "later").status, 201);
}

/// There is one writer a tenant. Whoever comes while it is at work is told so.
#[test]
fn a_request_that_writes_waits_for_another_writer_but_not_long() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    let load = Holder::of(&installation, "SELECT pg_advisory_lock(hashtext('poem tenant'), hashtext('egi'))");
    let refused = soon(|| writer.add_aggregation(&server, "impatient"));
    assert_eq!((refused.status, refused.header("Retry-After").is_some()), (503, true));
    drop(load);
    await_status(201, || writer.add_aggregation(&server, "patient"));
    assert_eq!(sql(&installation, "SELECT count(*) FROM egi.aggregation WHERE name = 'impatient'"), ["0"]);
}

/// The line is cut without a word, as by a firewall: whoever has a connection is told so soon, and new ones take their
/// places.
#[test]
fn connections_that_are_dead_without_a_word_are_replaced() {
    let (_fleeting, installation, line) = over_a_line();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    // All connections of the pool are there.
    line.delay_beginnings(SLOW);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| await_status(200, || writer.get(&server, AGGREGATIONS)));
        }
    });
    line.delay_beginnings(Duration::ZERO);
    line.cut();
    // As many as there are connections are used at once, before any is known to be dead.
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| soon(|| writer.get(&server, AGGREGATIONS)));
        }
    });
    for number in 0..20 {
        await_status(201, || writer.add_aggregation(&server, &format!("after-{number}")));
    }
}

/// More requests than connections are cut off while they begin a transaction: each is refused soon, and none leaves its
/// connection to the next one in the middle of that transaction.
#[test]
fn a_request_that_is_cut_off_while_it_begins_leaves_no_transaction_open() {
    let (_fleeting, installation, line) = over_a_line();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    await_status(200, || writer.get(&server, AGGREGATIONS));
    for round in 0..3 {
        line.delay_beginnings(Duration::from_millis(2500));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| assert_eq!(soon(|| writer.get(&server, AGGREGATIONS)).status, 503));
            }
        });
        line.delay_beginnings(Duration::ZERO);
        let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        wait_until(&installation, open, "0");
        for number in 0..20 {
            await_status(201, || writer.add_aggregation(&server, &format!("{round}-{number}")));
        }
    }
}
