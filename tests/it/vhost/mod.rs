//! The packaged vhost, in a real Apache over TLS and in front of the real server.

mod files;
mod golden;
mod proxy;
mod redirects;
mod surroundings;
mod text;

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::apache::Surroundings;
use crate::support::http::{self, HttpResponse};
use crate::support::installation::EGI_TOKEN;
use crate::support::{Apache, Installation, Server};

/// An installation whose server is behind an Apache.
struct Site {
    apache: Apache,
    server: Server,
    installation: Installation,
}

impl Site {
    /// Starts one with the data of small.json; `None` if Apache is not installed.
    fn start() -> Option<Self> {
        Self::start_in(&Surroundings::AS_SHIPPED)
    }

    /// Starts one in other surroundings.
    fn start_in(surroundings: &Surroundings) -> Option<Self> {
        let installation = Installation::with_small_data();
        let server = Server::start(&installation);
        let apache = Apache::start(server.address, surroundings)?;
        Some(Self { apache, server, installation })
    }

    /// Sends a GET over TLS to the host `localhost`, with the key of EGI and additional headers.
    fn get(&self, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        let headers = [&[("X-API-KEY", EGI_TOKEN)], headers].concat();
        self.server.knows(|_| self.apache.get(target, &headers))
    }

    /// Ends the server, which writes what it has to log; returns its log.
    fn stopped(mut self) -> String {
        self.server.signal(Signal::SIGTERM);
        assert!(self.server.ends_within(Duration::from_secs(30)));
        self.installation.log()
    }

    /// Sends a GET to the site of plain HTTP.
    fn get_plain(&self, host: &str, target: &str) -> HttpResponse {
        http::send(self.apache.http, "GET", target, &[("Host", host)], b"")
    }
}
