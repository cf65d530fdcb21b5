//! The static files of the pages, as a browser requests them.

use crate::support::{HttpResponse, Installation, Server};

#[test]
fn an_unchanged_file_is_sent_once_and_then_answered_with_304() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let get = |path: &str, tag: &str| -> HttpResponse {
        server.send("GET", path, &[("Host", "localhost"), ("If-None-Match", tag)], b"")
    };
    for (path, kind, cache_control) in [
        ("/static/poem.css", "text/css", "no-cache"),
        ("/static/js/poem.js", "javascript", "no-cache"),
        ("/static/vendor/atkinson-hyperlegible-next-5.3.0/LICENSE", "", "public, max-age=31536000, immutable"),
    ] {
        let first = get(path, "\"another\"");
        assert!(first.status == 200 && !first.body.is_empty(), "{path}: {}", first.status);
        assert!(first.header("Content-Type").unwrap_or_default().contains(kind), "{path}");
        let tag = first.header("ETag").unwrap().to_owned();
        let again = get(path, &tag);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        for answer in [&first, &again] {
            assert_eq!(
                (answer.header("ETag"), answer.header("Cache-Control")),
                (Some(tag.as_str()), Some(cache_control)),
                "{path}"
            );
        }
    }
    for path in ["/static/nosuch.css", "/static/", "/static/js/", "/static/../Cargo.toml", "/static/%2e%2e/Cargo.toml"]
    {
        assert!([400, 404].contains(&get(path, "*").status), "{path}");
    }
}
