//! Fetching the feeds of all tenants: each address once, at most four at a time.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::Sync;
use crate::domain::model::sync_feed::SyncFeed;
use crate::http_client::ca_certificates::TrustedCertificates;
use crate::http_client::client::{BasicAuth, ClientCredentials, Fetched, HttpClient, Limits};
use crate::http_client::client_certificate::ClientCertificate;
use crate::http_client::url_text::shown;

/// The number of requests at the same time.
const MAX_PARALLEL: usize = 4;

/// An address with the identity that is presented to it. Tenants with the same source share its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    url: String,
    accept: &'static str,
    basic: Option<BasicAuth>,
    with_certificate: bool,
}

impl Source {
    /// Returns the source of a tenant's feed; `None` if it has none. User, password and client certificate are only for
    /// the service types. `has_certificate`: the configuration has a client certificate.
    ///
    /// # Errors
    /// A sentence that names the key, if the address is not http, https or file.
    pub fn of(feed: SyncFeed, sync: &Sync, has_certificate: bool) -> Result<Option<Self>, String> {
        let url = sync.address(feed).trim();
        if url.is_empty() {
            return Ok(None);
        }
        let parsed = Url::parse(url).map_err(|error| format!("{} is not an address: {error}", feed.key()))?;
        if !matches!(parsed.scheme(), "http" | "https" | "file") {
            let scheme = parsed.scheme();
            return Err(format!("{} has the scheme {scheme}; http, https and file are supported", feed.key()));
        }
        let is_known = feed == SyncFeed::ServiceTypes && parsed.scheme() != "file";
        let basic = BasicAuth { user: sync.http_user.clone(), password: sync.http_pass.clone() };
        Ok(Some(Self {
            url: url.to_owned(),
            accept: match feed {
                SyncFeed::Services => "application/json, */*;q=0.1",
                _ => "application/xml, text/xml;q=0.9, */*;q=0.1",
            },
            basic: (is_known && sync.use_plain_http_auth).then_some(basic),
            with_certificate: is_known && has_certificate && parsed.scheme() == "https",
        }))
    }

    /// The address, as messages show it.
    pub fn shown(&self) -> String {
        shown(&self.url)
    }

    /// True if the password can be read on the way.
    pub fn exposes_password(&self) -> bool {
        self.basic.is_some() && self.url.to_ascii_lowercase().starts_with("http:")
    }
}

/// The part of a client that all sources share.
#[derive(Debug)]
pub struct Fetcher {
    /// The CA certificates that are trusted besides the system's.
    pub trust: TrustedCertificates,
    /// The client certificate, or why there is none.
    pub certificate: Result<ClientCertificate, String>,
    /// The limits of each fetch.
    pub limits: Limits,
}

/// Called before another attempt: the number of the source, the failure, the wait.
pub type OnRetry = dyn Fn(usize, &str, Duration) + Send + std::marker::Sync;

/// Fetches the sources; the results are in their order. A failure is one line that begins with the address.
pub async fn fetch_all(
    fetcher: Arc<Fetcher>,
    sources: &[Source],
    on_retry: Arc<OnRetry>,
) -> Vec<Result<Arc<Fetched>, String>> {
    let permits = Arc::new(Semaphore::new(MAX_PARALLEL));
    let mut tasks = JoinSet::new();
    for (number, source) in sources.iter().cloned().enumerate() {
        let (fetcher, permits, on_retry) = (fetcher.clone(), permits.clone(), on_retry.clone());
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _permit = permits.acquire().await;
            (number, fetch(&fetcher, &source, |error, wait| on_retry(number, error, wait)).await)
        });
    }
    let mut results: Vec<_> = sources.iter().map(|source| Err(format!("{} was not fetched", source.shown()))).collect();
    while let Some(done) = tasks.join_next().await {
        if let Ok((number, result)) = done {
            results[number] = result.map(Arc::new);
        }
    }
    results
}

async fn fetch(fetcher: &Fetcher, source: &Source, on_retry: impl Fn(&str, Duration)) -> Result<Fetched, String> {
    if let Some(path) = Url::parse(&source.url).ok().filter(|url| url.scheme() == "file") {
        let path = path.to_file_path().map_err(|()| format!("{} is not an absolute path", source.shown()))?;
        let limit = fetcher.limits.body;
        let read = tokio::task::spawn_blocking(move || read_file(&path, limit)).await;
        return read
            .unwrap_or_else(|error| Err(error.to_string()))
            .map_err(|error| format!("{}: {error}", source.shown()));
    }
    let certificate = match source.with_certificate {
        true => Some(fetcher.certificate.clone()?),
        false => None,
    };
    let credentials = ClientCredentials { basic: source.basic.clone(), certificate };
    let client =
        HttpClient::new(&fetcher.trust, credentials, fetcher.limits.clone()).map_err(|error| error.to_string())?;
    let on_retry = |error: &crate::http_client::error::FetchError, wait| on_retry(&error.to_string(), wait);
    client.get(&source.url, source.accept, on_retry).await.map_err(|error| error.to_string())
}

/// Reads a regular file. Anything else could block or never end.
fn read_file(path: &Path, limit: usize) -> Result<Fetched, String> {
    // Without O_NONBLOCK, opening a FIFO waits for its writer.
    let opened = File::options().read(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits()).open(path);
    let file = opened.map_err(|error| error.to_string())?;
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("this is not a regular file".to_owned());
    }
    let mut body = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut body).map_err(|error| error.to_string())?;
    if body.len() > limit {
        return Err(format!("the file is larger than {} MiB", limit / 1024 / 1024));
    }
    match body.iter().all(u8::is_ascii_whitespace) {
        true => Err("the file is empty".to_owned()),
        false => Ok(Fetched { body, charset: None }),
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;

    use super::*;
    use crate::domain::security::secret::Secret;

    fn sync(address: &str) -> Sync {
        Sync {
            use_plain_http_auth: true,
            http_user: "poem".to_owned(),
            http_pass: Secret::new("word"),
            service_type: address.to_owned(),
            vo: address.to_owned(),
            services: String::new(),
            max_removed_percent: 20,
        }
    }

    #[test]
    fn only_the_service_types_get_credentials() {
        let of = |feed, address| Source::of(feed, &sync(address), true).unwrap().unwrap();
        let types = of(SyncFeed::ServiceTypes, "https://goc.example.org/");
        assert!(types.basic.is_some() && types.with_certificate && !types.exposes_password());
        let plain = of(SyncFeed::ServiceTypes, "http://goc.example.org/");
        assert!(plain.basic.is_some() && !plain.with_certificate && plain.exposes_password());
        let vos = of(SyncFeed::Vos, "https://goc.example.org/");
        assert!(vos.basic.is_none() && !vos.with_certificate);
        let file = of(SyncFeed::ServiceTypes, "file:///feed.xml");
        assert!(file.basic.is_none() && !file.with_certificate);
        assert_eq!(Source::of(SyncFeed::Services, &sync("https://a"), true), Ok(None));
    }

    #[test]
    fn an_address_of_another_kind_is_refused() {
        for (address, words) in [
            ("goc.example.org/feed", "VO is not an address: relative URL without a base"),
            ("ftp://goc.example.org/", "VO has the scheme ftp; http, https and file are supported"),
        ] {
            assert_eq!(Source::of(SyncFeed::Vos, &sync(address), false).unwrap_err(), words);
        }
    }

    #[tokio::test]
    async fn a_file_is_read_if_it_is_a_regular_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("feed.xml"), "<a/>").unwrap();
        std::fs::write(path("empty"), "\n").unwrap();
        std::fs::write(path("large"), " ".repeat(11)).unwrap();
        nix::unistd::mkfifo(&path("fifo"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        let limits = Limits { body: 10, ..Limits::ONE_ATTEMPT };
        let fetcher = Fetcher { trust: TrustedCertificates::default(), certificate: Err(String::new()), limits };
        let fetcher = Arc::new(fetcher);
        for (name, words) in [
            ("feed.xml", None),
            ("empty", Some("the file is empty")),
            ("large", Some("the file is larger than 0 MiB")),
            ("fifo", Some("this is not a regular file")),
            ("", Some("this is not a regular file")),
            ("missing", Some("No such file or directory (os error 2)")),
        ] {
            let url = format!("file://{}", path(name).display());
            let source = Source::of(SyncFeed::Vos, &sync(&url), false).unwrap().unwrap();
            let mut results = fetch_all(fetcher.clone(), &[source], Arc::new(|_, _, _| ())).await;
            match (results.remove(0), words) {
                (Ok(fetched), None) => assert_eq!(fetched.body, b"<a/>"),
                (Err(error), Some(words)) => assert_eq!(error, format!("{url}: {words}")),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
