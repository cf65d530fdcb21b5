//! Support for the tests: one private PostgreSQL for all, and for each test its own database, VENV and server.

pub mod apache;
pub mod browser;
pub mod certificates;
pub mod cluster;
pub mod disposable_database;
pub mod http;
pub mod installation;
pub mod pgbouncer;
pub mod pysaml2;
pub mod server;
pub mod simplesamlphp;
pub mod sql;
/// The scripted HTTP(S) server that the tests of the HTTP client use as well.
#[path = "../../../src/http_client/client/test_server.rs"]
#[allow(dead_code, reason = "some of it is for the tests of the HTTP client only")]
pub mod test_server;
pub mod web_client;

pub use apache::Apache;
pub use browser::Browser;
pub use disposable_database::DisposableDatabase;
pub use http::HttpResponse;
pub use installation::Installation;
pub use server::Server;
pub use simplesamlphp::SimpleSaml;
pub use web_client::WebClient;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the flag when it is dropped, even by a panic: otherwise the threads that wait for it would wait forever.
pub struct Set<'a>(pub &'a AtomicBool);

impl Drop for Set<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Reports that a test was skipped, even if the output of passing tests is captured.
#[expect(clippy::disallowed_methods, reason = "the output of tests")]
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Reports that a test was skipped because a program is missing that `./check` installs. Where `CI` is set this fails the
/// test: there everything is installed, and nothing must be left out unnoticed.
#[track_caller]
pub fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "missing, and CI is set: {what}");
    skipped(what);
}

/// Returns the path of a file in tests/fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Runs a future to completion.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}
