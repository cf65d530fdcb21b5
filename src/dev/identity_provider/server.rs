//! The server of the demo identity provider, on a free port of the loopback interface.

use std::net::Ipv4Addr;
use std::sync::{Arc, mpsc};
use std::thread;

use rocket::config::{Ident, LogLevel};
use rocket::fairing::AdHoc;
use rocket::form::{Form, FromForm};
use rocket::http::uri::Origin;
use rocket::http::{ContentType, Cookie, CookieJar, Header, SameSite, Status};
use rocket::response::{self, Responder};
use rocket::{Build, Request, Response, Rocket, Shutdown, State, get, post, routes};

use super::error::DemoIdpError;
use super::idp::Idp;
use super::pages;
use super::redirect::{MessageRole, ReceivedQuery};
use super::requests::logout_status;
use crate::saml::names;

/// The parameter that asks for another person.
const AGAIN: &str = "again=1";

/// The response to a request.
struct DemoReply {
    status: Status,
    content_type: ContentType,
    body: String,
    location: Option<String>,
}

impl DemoReply {
    fn html(body: String) -> Self {
        Self { status: Status::Ok, content_type: ContentType::HTML, body, location: None }
    }

    fn redirect(location: String) -> Self {
        Self { status: Status::SeeOther, location: Some(location), ..Self::html(String::new()) }
    }
}

/// A request that is refused: the reason in words.
struct Refusal(Status, String);

impl Refusal {
    fn new(reason: &str) -> Self {
        Self(Status::BadRequest, reason.to_owned())
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self(Status::BadRequest, reason)
    }
}

impl From<DemoIdpError> for Refusal {
    fn from(error: DemoIdpError) -> Self {
        Self(Status::InternalServerError, error.to_string())
    }
}

impl<'r> Responder<'r, 'static> for Refusal {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Self(status, reason) = self;
        let page = pages::message("This cannot be done", &format!("The reason: {reason}."));
        DemoReply { status, ..DemoReply::html(page) }.respond_to(request)
    }
}

impl<'r> Responder<'r, 'static> for DemoReply {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        // A form of these pages may lead to a service provider, at once or by a redirect.
        let known = request.rocket().state::<Arc<Idp>>().map(|idp| idp.service_providers.as_slice());
        let origins: String =
            known.unwrap_or_default().iter().map(|known| format!(" {}", origin(&known.acs))).collect();
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
             form-action 'self'{origins}"
        );
        let mut response = Response::build();
        response
            .status(self.status)
            .header(self.content_type)
            .sized_body(self.body.len(), std::io::Cursor::new(self.body));
        response.header(Header::new("Content-Security-Policy", policy)).raw_header("Cache-Control", "no-store");
        if let Some(location) = self.location {
            response.header(Header::new("Location", location));
        }
        response.ok()
    }
}

type Answer = Result<DemoReply, Refusal>;

/// Scheme, host and port of an address.
fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |place| place + 3);
    address[host..].find('/').map_or(address, |end| &address[..host + end])
}

/// The name of the cookie. Cookies of different ports are not separate, so it has the port.
fn cookie_name(idp: &Idp) -> String {
    let port = idp.base.get().and_then(|base| base.rsplit(':').next()).unwrap_or_default();
    format!("demo-idp-{port}")
}

fn session<'a>(idp: &Idp, cookies: &'a CookieJar<'_>) -> &'a str {
    cookies.get(&cookie_name(idp)).map_or("", |cookie| cookie.value())
}

fn raw_query<'a>(uri: &'a Origin<'_>) -> &'a str {
    uri.query().map_or("", |query| query.as_str())
}

#[get("/")]
fn start(idp: &State<Arc<Idp>>, cookies: &CookieJar<'_>) -> DemoReply {
    let person = idp.sessions.person(session(idp, cookies)).and_then(|number| idp.people.get(number));
    DemoReply::html(pages::start(person, &idp.service_providers))
}

#[get("/metadata")]
fn metadata(idp: &State<Arc<Idp>>) -> Answer {
    Ok(DemoReply { content_type: ContentType::XML, ..DemoReply::html(idp.metadata()?) })
}

#[get("/script.js")]
fn script() -> DemoReply {
    DemoReply { content_type: ContentType::JavaScript, ..DemoReply::html(pages::SCRIPT.into()) }
}

#[get("/style.css")]
fn style() -> DemoReply {
    DemoReply { content_type: ContentType::CSS, ..DemoReply::html(pages::STYLE.into()) }
}

/// A login: with a session the response at once, else the page that asks who it is.
#[get("/sso")]
fn sso(idp: &State<Arc<Idp>>, uri: &Origin<'_>, cookies: &CookieJar<'_>) -> Answer {
    let query = raw_query(uri);
    let login = idp.accept_login(query)?;
    if !login.request.asks_anew && !query.split('&').any(|pair| pair == AGAIN) {
        let again = format!("/sso?{query}&{AGAIN}");
        if let Some(page) = idp.log_in(&login, session(idp, cookies), &again)? {
            return Ok(DemoReply::html(page));
        }
    }
    if login.request.is_passive {
        return Ok(DemoReply::html(idp.refuse(&login, "NoPassive")?));
    }
    let known = &idp.service_providers[login.service_provider];
    Ok(DemoReply::html(pages::choice(&format!("/sso?{query}"), known, &idp.people)))
}

/// The button that was pressed: the number of a person, or `cancel`.
#[derive(FromForm)]
struct Pressed {
    person: String,
}

/// Whoever was chosen is logged in; the request is still in the query.
#[post("/sso", data = "<pressed>")]
fn choose(idp: &State<Arc<Idp>>, uri: &Origin<'_>, cookies: &CookieJar<'_>, pressed: Form<Pressed>) -> Answer {
    let query = raw_query(uri);
    let login = idp.accept_login(query)?;
    if pressed.person == "cancel" {
        return Ok(DemoReply::html(idp.refuse(&login, "AuthnFailed")?));
    }
    let number = pressed.person.parse().ok().filter(|number| *number < idp.people.len());
    let number = number.ok_or_else(|| Refusal::new("there is no such person"))?;
    let value = idp.sessions.begin(number);
    cookies.add(Cookie::build((cookie_name(idp), value.clone())).http_only(true).same_site(SameSite::Lax).path("/"));
    let page = idp.log_in(&login, &value, &format!("/sso?{query}&{AGAIN}"))?;
    page.map(DemoReply::html).ok_or_else(|| Refusal::new("the session has ended"))
}

/// A message about a logout: a request of a service provider, or its response to one of ours.
#[get("/slo")]
fn slo(idp: &State<Arc<Idp>>, uri: &Origin<'_>, cookies: &CookieJar<'_>) -> Answer {
    let received = ReceivedQuery::read(raw_query(uri)).map_err(Refusal::new)?;
    if received.kind == MessageRole::Request {
        return Ok(DemoReply::redirect(idp.end_sessions(&received)?));
    }
    let status = logout_status(&received.xml)?;
    if status != names::SUCCESS {
        let text = format!("A service provider could not log you out: {status}. You are logged out here.");
        return Ok(DemoReply::html(pages::message("Not logged out everywhere", &text)));
    }
    told_all(idp, session(idp, cookies))
}

/// Ends the session of this browser, and sends it round to the service providers.
#[post("/logout")]
fn logout(idp: &State<Arc<Idp>>, cookies: &CookieJar<'_>) -> Answer {
    let cookie = session(idp, cookies);
    idp.sessions.end(cookie);
    told_all(idp, cookie)
}

/// Tells the next service provider of the logout; the page that says so if all know.
fn told_all(idp: &Idp, cookie: &str) -> Answer {
    let next = idp.next_logout(cookie)?;
    let page =
        || DemoReply::html(pages::message("Logged out", "You are logged out here and at the service providers."));
    Ok(next.map_or_else(page, DemoReply::redirect))
}

fn build(idp: Arc<Idp>) -> Rocket<Build> {
    let config = rocket::Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        workers: 1,
        ident: Ident::none(),
        ip_header: None,
        log_level: LogLevel::Off,
        cli_colors: false,
        // It ends when the handle is dropped; signals are for the process that started it.
        shutdown: rocket::config::Shutdown {
            ctrlc: false,
            signals: [].into(),
            grace: 1,
            mercy: 1,
            force: false,
            ..rocket::config::Shutdown::default()
        },
        ..rocket::Config::release_default()
    };
    let routes = routes![start, metadata, script, style, sso, choose, slo, logout];
    rocket::custom(config).manage(idp).mount("/", routes)
}

/// Starts the server on a thread of its own and waits until it listens. Returns the handle that stops it.
///
/// # Errors
/// `Start`.
pub fn start_thread(idp: &Arc<Idp>) -> Result<Shutdown, DemoIdpError> {
    let (sender, started) = mpsc::channel::<Result<Shutdown, String>>();
    let (listening, shared) = (sender.clone(), idp.clone());
    let liftoff = AdHoc::on_liftoff("Address of the demo identity provider", move |rocket| {
        let _ = shared.base.set(format!("http://{}:{}", Ipv4Addr::LOCALHOST, rocket.config().port));
        // An error means that no one waits any more.
        let _ = listening.send(Ok(rocket.shutdown()));
        Box::pin(async {})
    });
    let server = build(idp.clone()).attach(liftoff);
    let failed = |error: std::io::Error| DemoIdpError::Start(error.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(failed)?;
    let serve = move || {
        if let Err(error) = runtime.block_on(server.launch()) {
            let _ = sender.send(Err(error.to_string()));
        }
    };
    thread::Builder::new().name("demo-idp".into()).spawn(serve).map_err(failed)?;
    let started = started.recv().map_err(|error| DemoIdpError::Start(error.to_string()))?;
    started.map_err(DemoIdpError::Start)
}
