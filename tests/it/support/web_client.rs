//! A browser for several sites, without JavaScript: stores cookies for each host and sends them as the browsers do.

use std::fmt;
use std::net::SocketAddr;

use reqwest::Url;
use scraper::{ElementRef, Html, Selector};

use super::http::{self, HttpResponse};

/// A client that stores cookies, with their `Path` and `SameSite`. All hosts are on the loopback interface.
#[derive(Debug, Default)]
pub struct WebClient {
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
    path: String,
    /// `SameSite=None`.
    cross_site: bool,
}

/// A response and the address that it came from.
#[derive(Debug, Clone)]
pub struct Page {
    /// The absolute address.
    pub url: Url,
    /// The response.
    pub response: HttpResponse,
}

/// A form of a page. Fields can be changed before it is submitted.
#[derive(Debug, Clone)]
pub struct Form {
    /// The page that it is on.
    pub page: Url,
    /// The absolute address that it is sent to.
    pub action: Url,
    /// The named inputs, in order.
    pub fields: Vec<(String, String)>,
}

impl WebClient {
    /// Returns a client without cookies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an address, as from the address bar, and follows redirects to the last page.
    #[track_caller]
    pub fn open(&mut self, url: &str) -> Page {
        let page = self.get(url);
        self.follow(page)
    }

    /// Sends one GET, without following redirects.
    #[track_caller]
    pub fn get(&mut self, url: &str) -> Page {
        self.send("GET", parse(url), None, "")
    }

    /// Follows the redirects of a response to the last page, which may be the response itself.
    #[track_caller]
    pub fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(target) = page.redirect() else { return page };
            page = self.send("GET", target, None, "");
        }
        panic!("too many redirects: {}", page.url);
    }

    /// Posts a form from its page, without following redirects. A form to another site sends only cookies with
    /// `SameSite=None`.
    #[track_caller]
    pub fn submit(&mut self, form: &Form) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        self.send("POST", form.action.clone(), Some(&form.page), &body)
    }

    /// Returns the value of a cookie of a host; `None` if there is none.
    pub fn cookie(&self, host: &str, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .find(|cookie| cookie.host == host && cookie.name == name)
            .map(|cookie| cookie.value.as_str())
    }

    /// Returns the names of the cookies of a host.
    pub fn cookie_names(&self, host: &str) -> Vec<&str> {
        self.cookies.iter().filter(|cookie| cookie.host == host).map(|cookie| cookie.name.as_str()).collect()
    }

    /// Stores a cookie, in place of one with its name.
    pub fn set_cookie(&mut self, host: &str, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        let attributes: Vec<_> =
            attributes.split(';').map(|text| text.trim().split_once('=').unwrap_or((text.trim(), ""))).collect();
        let attribute =
            |name| attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value);
        self.cookies.retain(|cookie| cookie.host != host || cookie.name != name);
        if attribute("Max-Age") == "0" {
            return;
        }
        let path = match attribute("Path") {
            "" => "/",
            path => path,
        };
        self.cookies.push(Cookie {
            host: host.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
            path: path.to_owned(),
            cross_site: attribute("SameSite").eq_ignore_ascii_case("none"),
        });
    }

    #[track_caller]
    fn send(&mut self, method: &str, url: Url, from: Option<&Url>, body: &str) -> Page {
        let host = url.host_str().expect("an address has a host").to_owned();
        let port = url.port_or_known_default().expect("an address has a port");
        let authority = format!("{host}:{port}");
        let same_site = from.is_none_or(|from| site(from) == site(&url));
        let cookies = self.cookies_for(&host, url.path(), method == "GET" || same_site);
        let mut headers = vec![("Host", authority.as_str())];
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        let origin = from.map(|from| from.origin().ascii_serialization()).unwrap_or_default();
        if from.is_some() {
            let same_origin = origin == url.origin().ascii_serialization();
            let relation = if same_origin {
                "same-origin"
            } else if same_site {
                "same-site"
            } else {
                "cross-site"
            };
            headers.extend([("Origin", origin.as_str()), ("Sec-Fetch-Site", relation)]);
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let target = format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default());
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let response = http::send(address, method, &target, &headers, body.as_bytes());
        for cookie in response.headers("Set-Cookie") {
            self.set_cookie(&host, cookie);
        }
        Page { url, response }
    }

    fn cookies_for(&self, host: &str, path: &str, lax: bool) -> String {
        let sent =
            |cookie: &&Cookie| cookie.host == host && path.starts_with(&cookie.path) && (lax || cookie.cross_site);
        let pairs: Vec<_> =
            self.cookies.iter().filter(sent).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        pairs.join("; ")
    }
}

impl Page {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// Returns the absolute address that it redirects to; `None` if it is not a redirect.
    pub fn redirect(&self) -> Option<Url> {
        let location = self.response.header("Location").filter(|_| (300..400).contains(&self.response.status))?;
        Some(self.url.join(location).expect("a redirect has an address"))
    }

    /// Returns the first form with a field of this name; `None` if there is none.
    pub fn form(&self, field: &str) -> Option<Form> {
        let document = Html::parse_document(&self.response.text());
        let forms = Selector::parse("form").expect("a selector");
        document.select(&forms).map(|form| self.read(form)).find(|form| form.field(field).is_some())
    }

    fn read(&self, form: ElementRef<'_>) -> Form {
        let inputs = Selector::parse("input[name]").expect("a selector");
        let field = |input: ElementRef<'_>| {
            let attribute = |name| input.attr(name).unwrap_or_default().to_owned();
            (attribute("name"), attribute("value"))
        };
        Form {
            page: self.url.clone(),
            action: self.url.join(form.attr("action").unwrap_or_default()).expect("a form has an address"),
            fields: form.select(&inputs).map(field).collect(),
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}\n{}", self.status(), self.url, String::from_utf8_lossy(&self.response.body))
    }
}

impl Form {
    /// Returns the value of a field; `None` if there is none.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Sets a field, which is added if there is none.
    pub fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|(key, _)| key != name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }
}

/// The part of the host that decides what is cross-site: `localhost` for all below it.
fn site(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    if host.ends_with(".localhost") { "localhost" } else { host }
}

#[track_caller]
fn parse(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{error}: {url}"))
}

#[test]
fn cookies_go_to_their_host_and_path_and_only_with_samesite_none_to_another_site() {
    let mut client = WebClient::new();
    for cookie in ["lax=1; Path=/", "none=2; path=/poem/saml2/; SameSite=None; Secure", "gone=3"] {
        client.set_cookie("egi.localhost", cookie);
    }
    client.set_cookie("egi.localhost", "gone=; Max-Age=0");
    assert_eq!(client.cookie_names("egi.localhost"), ["lax", "none"]);
    let acs = "/poem/saml2/acs/";
    assert_eq!(client.cookies_for("egi.localhost", acs, true), "lax=1; none=2");
    assert_eq!(client.cookies_for("egi.localhost", acs, false), "none=2");
    assert_eq!(client.cookies_for("egi.localhost", "/poem/admin/", true), "lax=1");
    assert_eq!(client.cookies_for("127.0.0.1", acs, true), "");
    assert_eq!(site(&parse("http://egi.localhost:1/")), site(&parse("http://localhost/")));
}
