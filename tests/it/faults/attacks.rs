//! Requests that make the server work for long. A server with a single worker thread must answer others in the meantime.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::metrics;
use crate::support::sql::sql;
use crate::support::{Browser, HttpResponse, Installation, Server, Set};

/// An attack that ends within this time is none: it is not required that another request is answered during it.
const SHORT: Duration = Duration::from_secs(2);

/// Returns a server with one worker thread.
fn start(installation: &Installation) -> Server {
    Server::start_with(installation, &[("TOKIO_WORKER_THREADS", "1")])
}

/// Sends a long request, and requests of the API until it ends; returns the response to the long one.
///
/// Fails if the long one took more than [`SHORT`] and no request of the API that began during it ended before it.
#[track_caller]
fn attack(server: &Server, what: &str, send: impl FnOnce() -> HttpResponse + Send) -> HttpResponse {
    assert_eq!(metrics(server).status, 200);
    let ended = AtomicBool::new(false);
    let mut answered = 0;
    let (answer, time) = thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            let _ended = Set(&ended);
            let start = Instant::now();
            (send(), start.elapsed())
        });
        // The first request may be answered before the attack has arrived.
        while !ended.load(Ordering::Acquire) {
            let answer = metrics(server);
            assert!([200, 503].contains(&answer.status), "{what}: {}", answer.status);
            if !ended.load(Ordering::Acquire) {
                answered += 1;
            }
            thread::sleep(Duration::from_millis(100));
        }
        attacker.join().expect("the attack is sent")
    });
    println!("{what}: {} after {time:?}, {answered} other requests", answer.status);
    assert!(answered > 3 || time < SHORT, "{what}: {answered} other requests were answered in {time:?}");
    answer
}

/// Returns a browser in which the user is logged in.
fn browser<'a>(server: &'a Server, session: &str) -> Browser<'a> {
    let mut browser = Browser::new(server);
    browser.cookies.insert("csrftoken".to_owned(), "0123456789abcdef0123456789abcdef".to_owned());
    browser.cookies.insert("sessionid".to_owned(), session.to_owned());
    browser
}

/// Posts a form as this user.
fn post(server: &Server, session: &str, target: &str, fields: &str) -> HttpResponse {
    let body = format!("csrfmiddlewaretoken=0123456789abcdef0123456789abcdef&{fields}");
    browser(server, session).post_body(target, &body)
}

fn tuples(count: usize) -> String {
    (0..count).map(|row| format!("&tuples-{row}-service_flavour=SRM&tuples-{row}-metric=M{row}")).collect()
}

#[test]
fn a_form_with_many_rows_delays_no_other_request() {
    let installation = Installation::with_small_data();
    let server = start(&installation);
    let session = installation.log_in("poem");
    let profile = "/poem/admin/poem/profile/1/change/";
    let send = |rows| post(&server, &session, profile, &format!("_resume=1{}", tuples(rows)));
    assert_eq!(attack(&server, "33,000 rows", || send(33_000)).status, 413);
    assert_eq!(attack(&server, "16,000 rows", || send(16_000)).status, 413);
    let answer = attack(&server, "10,000 rows", || send(10_000));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("M9999"), "as many rows as declared are shown");
    // An error in each row.
    let wrong: String = (0..10_000).map(|row| format!("&tuples-{row}-service_flavour=SRM")).collect();
    let answer = attack(&server, "10,000 errors", || post(&server, &session, profile, &format!("_revision=1{wrong}")));
    assert!([409, 422, 503].contains(&answer.status), "{}", answer.status);
    let many: String = (0..90_000).map(|number| format!("&f{number}=x")).collect();
    assert_eq!(attack(&server, "90,000 fields", || post(&server, &session, profile, &many)).status, 413);
}

#[test]
fn a_metric_with_many_settings_delays_no_other_request() {
    let installation = Installation::with_small_data();
    let server = start(&installation);
    let session = installation.log_in("poem");
    let one = |statement: &str| sql(&installation, statement).pop().unwrap();
    let metric = one("SELECT min(id) FROM egi.metric WHERE metric_type_id = 1");
    let address = format!("/poem/admin/poem/metric/{metric}/change/");
    let sections = ["attribute", "dependency", "parameter", "file_attribute", "file_parameter"];
    let settings = |count: usize, turned: bool| -> String {
        let rows = |section: &&str| {
            let row = |row: usize| {
                let key = if turned { count - row } else { row };
                format!("&{section}-{row}-key=k{}&{section}-{row}-value=v{key}", key / 2)
            };
            (0..count).map(row).collect::<String>()
        };
        sections.iter().map(rows).collect()
    };
    let save = |count, turned| {
        let revision = one(&format!("SELECT revision FROM egi.metric WHERE id = {metric}"));
        let names = "SELECT 'name=' || n.name || '&group=' || g.name FROM egi.metric m
            JOIN egi.metric_name n ON n.id = m.metric_name_id JOIN egi.object_group g ON g.id = m.group_id WHERE m.id = ";
        let config = ["interval", "maxCheckAttempts", "path", "retryInterval", "timeout"];
        let config: String =
            (0..5).map(|row| format!("&config-{row}-key={}&config-{row}-value=1", config[row])).collect();
        let fields = format!(
            "{}&tag=Production&mtype=Active&_revision={revision}{config}{}",
            one(&format!("{names}{metric}")),
            settings(count, turned)
        );
        post(&server, &session, &address, &fields)
    };
    assert_eq!(attack(&server, "8,000 settings", || save(8_000, false)).status, 413);
    for (what, turned) in [("2,500 settings", false), ("the same in reverse", true)] {
        let answer = attack(&server, what, || save(500, turned));
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    let versions = sql(
        &installation,
        &format!("SELECT id FROM egi.version WHERE kind = 'metric' AND object_id = {metric} ORDER BY id DESC LIMIT 2"),
    );
    let public = format!("/poem/admin/poem/public_metric/{metric}/history");
    for (what, target) in [
        ("a version", format!("{public}/{}/?x=1", versions[0])),
        ("a comparison", format!("{public}/compare/?version_id1={}&version_id2={}&x=2", versions[0], versions[1])),
    ] {
        let answer = attack(&server, what, || server.get(&target));
        assert!([200, 503].contains(&answer.status), "{what}: {}", answer.status);
    }
}
