//! Static files: a browser gets each once, and from then on asks whether it still holds.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rocket::fs::FileServer;
use rocket::http::{Header, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Data, Request, Response};

use crate::http::encoded_body::matches;

/// Below it stands the version of what it holds, so that a file never changes.
const VENDOR: &str = "vendor";

/// What serves the files of the directory.
pub fn routes(directory: &Path) -> Vec<Route> {
    let tagged = |mut route: Route| {
        route.handler = Box::new(Tagged { directory: directory.to_owned(), files: route.handler });
        route
    };
    let routes: Vec<Route> = FileServer::from(directory).into();
    routes.into_iter().map(tagged).collect()
}

#[derive(Clone)]
struct Tagged {
    directory: PathBuf,
    files: Box<dyn Handler>,
}

impl Tagged {
    /// The tag of the file's present state, and how long it holds; `None` where there is no such file.
    async fn headers(&self, request: &Request<'_>) -> Option<[Header<'static>; 2]> {
        let path: PathBuf = request.segments(0..).ok()?;
        let file = tokio::fs::metadata(self.directory.join(&path)).await.ok().filter(|file| file.is_file())?;
        let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let kept = if path.starts_with(VENDOR) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let etag = format!("\"{:x}-{:x}\"", file.len(), changed.as_nanos());
        Some([Header::new("ETag", etag), Header::new("Cache-Control", kept)])
    }
}

#[rocket::async_trait]
impl Handler for Tagged {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let Some([etag, kept]) = self.headers(request).await else { return self.files.handle(request, data).await };
        let holds = request.headers().get("If-None-Match").any(|header| matches(header, etag.value()));
        let answer = match holds {
            true => Outcome::Success(Response::build().status(Status::NotModified).finalize()),
            false => self.files.handle(request, data).await,
        };
        answer.map(|mut response| {
            response.set_header(etag);
            response.set_header(kept);
            response
        })
    }
}
