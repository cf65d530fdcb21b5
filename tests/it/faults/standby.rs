//! The database is a standby server, as after a failover: it reads and does not write.

use std::time::Instant;

use super::{RECOVERY_TIMEOUT, Writer, await_status, in_time, metrics};
use crate::support::browser::input;
use crate::support::{Browser, DisposableDatabase, HttpResponse, Server};

const LOGIN: &str = "/poem/admin/login/";

/// Repeats a request that got the error page: its connection was one to the server that was stopped.
fn answered(mut request: impl FnMut() -> HttpResponse) -> HttpResponse {
    let end = Instant::now() + RECOVERY_TIMEOUT;
    loop {
        let answer = in_time(&mut request);
        if !answer.text().contains("<p class=\"code\">503</p>") {
            return answer;
        }
        assert!(Instant::now() < end, "{}", answer.text());
    }
}

#[test]
fn a_standby_is_read_and_nothing_that_is_typed_is_lost() {
    let mut database = DisposableDatabase::with_settings(&[("wal_level", "replica")]);
    let installation = database.installation();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    let mut browser = Browser::new(&server);
    assert_eq!(browser.log_in("poem", "poem-secret-1").status, 303);
    let answer = metrics(&server).body;
    database.stop();
    database.become_standby();
    database.start();

    await_status(200, || metrics(&server));
    assert_eq!(metrics(&server).body, answer, "reading goes on");
    let typed = "Typed on a standby.";
    let added = answered(|| browser.post("/poem/admin/poem/groupofprobes/add/", &[("name", typed)]));
    let page = added.text();
    assert_eq!((added.status, added.header("Retry-After")), (503, Some("5")), "{page}");
    assert!(page.contains(typed) && page.contains("Nothing was saved"), "{page}");

    let mut other = Browser::new(&server);
    let login = [("username", "alice"), ("password", "alice-secret-1"), ("_typed", "comment=kept")];
    let refused = answered(|| other.post(LOGIN, &login));
    let page = refused.text();
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("5")), "{page}");
    assert_eq!(input(&page, "username").as_deref(), Some("alice"), "{page}");
    assert_eq!(input(&page, "_typed").as_deref(), Some("comment=kept"), "{page}");
    let internal = in_time(|| writer.add_aggregation(&server, "on-a-standby"));
    assert_eq!((internal.status, internal.header("Retry-After")), (503, Some("5")), "{internal:?}");
    assert!(installation.log().contains("read-write"), "the log has the cause: {}", installation.log());
}
