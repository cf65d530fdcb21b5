//! Static files with ETags: a browser downloads each file once, and then only revalidates it.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rocket::fs::FileServer;
use rocket::http::{Header, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request, Response};

use crate::http::encoded_body::matches_any_coding;

/// The directory of third-party files. Its paths contain versions, so a file never changes: it is cached for a year.
const VENDOR: &str = "vendor";

/// The routes that serve the files of the directory.
pub fn routes(directory: &Path) -> Vec<Route> {
    let tagged = |mut route: Route| {
        route.handler = Box::new(Tagged { directory: directory.to_owned(), files: route.handler });
        route
    };
    let routes: Vec<Route> = FileServer::from(directory).into();
    routes.into_iter().map(tagged).collect()
}

/// Rocket's handler for files, extended by ETag, `Cache-Control` and 304.
#[derive(Clone)]
struct Tagged {
    directory: PathBuf,
    files: Box<dyn Handler>,
}

impl Tagged {
    /// Returns `ETag` (from size and time of change) and `Cache-Control`; `None` if there is no such file.
    async fn headers(&self, request: &Request<'_>) -> Option<[Header<'static>; 2]> {
        let path: PathBuf = request.segments(0..).ok()?;
        let file = tokio::fs::metadata(self.directory.join(&path)).await.ok().filter(|file| file.is_file())?;
        let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let caching = if path.starts_with(VENDOR) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let etag = format!("\"{:x}-{:x}\"", file.len(), changed.as_nanos());
        Some([Header::new("ETag", etag), Header::new("Cache-Control", caching)])
    }
}

#[rocket::async_trait]
impl Handler for Tagged {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let Some([etag, caching]) = self.headers(request).await else { return self.files.handle(request, data).await };
        let is_unchanged =
            request.headers().get("If-None-Match").any(|header| matches_any_coding(header, etag.value()));
        let outcome = match is_unchanged {
            true => Outcome::Success(Response::build().status(Status::NotModified).finalize()),
            false => self.files.handle(request, data).await,
        };
        outcome.map(|mut response| {
            response.set_header(etag);
            response.set_header(caching);
            response
        })
    }
}
