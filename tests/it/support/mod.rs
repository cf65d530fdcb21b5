//! What the tests stand on: one private PostgreSQL for all of them, and for each a database, a VENV and a server of
//! its own.

pub mod browser;
pub mod cluster;
pub mod disposable_database;
pub mod http;
pub mod installation;
pub mod server;
pub mod sql;

pub use browser::Browser;
pub use disposable_database::DisposableDatabase;
pub use http::HttpResponse;
pub use installation::Installation;
pub use server::Server;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the flag at its end, also where that is a failure: who waits for it would wait forever.
pub struct Set<'a>(pub &'a AtomicBool);

impl Drop for Set<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Says that something was not tried here, also where the output of tests that pass is not shown.
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// A file of tests/fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Runs what is asynchronous to its end.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}
