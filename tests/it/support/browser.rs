//! A browser: stores the cookies of one host, and sends its forms with the CSRF token.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use super::http::{self, Endpoint, HttpResponse};
use super::server::Server;

/// A client that stores cookies.
pub struct Browser<'a> {
    endpoint: Endpoint,
    /// It does not outlive its server.
    server: PhantomData<&'a Server>,
    host: &'static str,
    /// The cookies by name.
    pub cookies: BTreeMap<String, String>,
    /// The headers that a proxy would add.
    pub headers: Vec<(&'static str, String)>,
}

impl<'a> Browser<'a> {
    /// Returns a browser without cookies for the tenant EGI.
    pub fn new(server: &'a Server) -> Self {
        Self::of_host(server, "localhost")
    }

    /// Returns a browser for another host.
    pub fn of_host(server: &'a Server, host: &'static str) -> Self {
        Self { host, ..Self::through(server.address) }
    }

    /// Returns a browser for the host `localhost` that connects there.
    pub fn through(endpoint: impl Into<Endpoint>) -> Self {
        Self {
            endpoint: endpoint.into(),
            server: PhantomData,
            host: "localhost",
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// Adds the header with which a proxy passes on the client address.
    pub fn seen_from(mut self, address: &str) -> Self {
        self.headers.push(("X-Forwarded-For", address.to_owned()));
        self
    }

    /// Sends a GET.
    pub fn get(&mut self, target: &str) -> HttpResponse {
        self.send("GET", target, &[], b"")
    }

    /// Posts a form with the CSRF token of the cookie, which it requests if necessary.
    pub fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> HttpResponse {
        if !self.cookies.contains_key("csrftoken") {
            self.get("/poem/admin/login/");
        }
        let token = self.cookies["csrftoken"].clone();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrfmiddlewaretoken", &token).extend_pairs(fields);
        self.post_body(target, &form.finish())
    }

    /// Posts an encoded form without a change.
    pub fn post_body(&mut self, target: &str, body: &str) -> HttpResponse {
        self.send("POST", target, &[("Content-Type", "application/x-www-form-urlencoded")], body.as_bytes())
    }

    /// Submits the login form; returns the response.
    pub fn log_in(&mut self, username: &str, password: &str) -> HttpResponse {
        self.post("/poem/admin/login/", &[("username", username), ("password", password)])
    }

    /// Returns the session id; `None` without a session.
    pub fn session(&self) -> Option<&str> {
        ["sessionid", "__Host-sessionid"].iter().find_map(|name| self.cookies.get(*name)).map(String::as_str)
    }

    /// Returns whether the server accepts the session.
    pub fn is_logged_in(&mut self) -> bool {
        let answer = self.get("/poem/api/v2/internal/users/");
        assert!([200, 403].contains(&answer.status), "{answer:?}");
        answer.status == 200
    }

    /// Sends a request with the cookies, and stores those of the response.
    pub fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all = vec![("Host", self.host)];
        if !cookies.is_empty() {
            all.push(("Cookie", &cookies));
        }
        all.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        all.extend(headers);
        let answer = http::send(self.endpoint, method, target, &all, body);
        for cookie in answer.headers("Set-Cookie") {
            let (name, rest) = cookie.split_once('=').expect("a cookie has a name");
            let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }
}

/// Returns the value of the first input with this name in a page.
pub fn input(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    let value = rest.split('"').next()?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2F;", "/"), ("&amp;", "&")];
    Some(entities.iter().fold(value.to_owned(), |text, (entity, sign)| text.replace(entity, sign)))
}
