//! The forms of a cached response: plain, compressed, 304 and HEAD.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::support::installation::EGI_TOKEN;
use crate::support::{HttpResponse, Installation, Server};

const ADDRESSES: [&str; 9] = [
    "/poem/api/v2/metrics/",
    "/poem/api/v2/metrics/Production",
    "/poem/api/v2/profiles/",
    "/poem/api/v2/profiles/ARGO_MON",
    "/poem/api/0.2/json/profiles",
    "/poem/api/0.2/json/metrics?tag=Production",
    "/poem/api/0.2/json/metrics_in_profiles?vo_name=ops",
    "/poem/api/0.2/json/metrics_in_profiles?vo_name=ops&vo_name=nobody",
    "/poem/api/0.2/json/metrics_in_group?group=ARGO",
];

fn request(server: &Server, method: &str, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
    let own = [("Host", "localhost"), ("X-API-KEY", EGI_TOKEN)];
    server.send(method, target, &[&own, headers].concat(), b"")
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).expect("it is gzip");
    plain
}

#[test]
fn a_client_that_accepts_gzip_gets_the_same_content_compressed() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let mut compressed = 0;
    for target in ADDRESSES {
        let plain = request(&server, "GET", target, &[]);
        let zipped = request(&server, "GET", target, &[("Accept-Encoding", "deflate, gzip")]);
        assert_eq!((plain.status, zipped.status), (200, 200), "{target}");
        assert_eq!((plain.header("Content-Encoding"), plain.header("Vary")), (None, Some("Accept-Encoding")));
        assert_eq!(zipped.header("Vary"), Some("Accept-Encoding"));
        // A short response is not compressed.
        if zipped.header("Content-Encoding") == Some("gzip") {
            compressed += 1;
            assert_eq!(unzip(&zipped.body), plain.body, "{target}");
            assert_ne!(zipped.header("ETag"), plain.header("ETag"), "{target}");
        } else {
            assert!(plain.body.len() < 512, "{target} is long and not compressed");
        }
        let refused = request(&server, "GET", target, &[("Accept-Encoding", "gzip;q=0")]);
        assert_eq!((refused.header("Content-Encoding"), &refused.body), (None, &plain.body), "{target}");
    }
    assert!(compressed >= 4, "{compressed}");
}

#[test]
fn a_current_etag_gets_304_and_another_the_full_response() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for target in ADDRESSES {
        for coding in ["identity", "gzip"] {
            let answer = request(&server, "GET", target, &[("Accept-Encoding", coding)]);
            let etag = answer.header("ETag").expect("an ETag").to_owned();
            for known in [etag.clone(), format!("\"other\", {etag}"), format!("W/{etag}"), "*".to_owned()] {
                let again = request(&server, "GET", target, &[("Accept-Encoding", coding), ("If-None-Match", &known)]);
                assert_eq!((again.status, again.body.len()), (304, 0), "{target} {known}");
                assert_eq!(again.header("ETag"), Some(etag.as_str()));
                assert!(again.header("Cache-Control").is_some_and(|caching| caching.contains("no-cache")));
            }
            let changed =
                request(&server, "GET", target, &[("Accept-Encoding", coding), ("If-None-Match", "\"other\"")]);
            assert_eq!((changed.status, changed.body), (200, answer.body), "{target}");
        }
    }
}

#[test]
fn a_304_requires_the_right_to_read() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    let target = "/poem/api/v2/metrics/";
    let etag = request(&server, "GET", target, &[]).header("ETag").unwrap().to_owned();
    let stranger = server.get_as(target, &[("If-None-Match", &etag)]);
    assert_eq!((stranger.status, stranger.header("ETag")), (403, None));
}

#[test]
fn head_has_the_headers_and_no_body() {
    let installation = Installation::with_small_data();
    let server = Server::start(&installation);
    for target in ADDRESSES {
        let get = request(&server, "GET", target, &[]);
        let head = request(&server, "HEAD", target, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0), "{target}");
        for name in ["ETag", "Vary", "Content-Type", "Content-Length", "Cache-Control"] {
            assert_eq!(head.header(name), get.header(name), "{target} {name}");
        }
    }
}

#[test]
fn the_etag_is_the_same_after_a_restart() {
    let installation = Installation::with_small_data();
    let tag = |server: &Server| request(server, "GET", ADDRESSES[0], &[]).header("ETag").unwrap().to_owned();
    let before = tag(&Server::start(&installation));
    assert_eq!(tag(&Server::start(&installation)), before);
}

/// With no memory for the cache every response is rendered again, with the same content.
#[test]
fn a_server_without_cache_gives_the_same_responses() {
    let installation = Installation::with_small_data();
    installation.configure("[SERVER]\n", "[SERVER]\nResponseCacheSize = 0\n");
    let uncached = Server::start(&installation);
    installation.configure("ResponseCacheSize = 0\n", "");
    let cached = Server::start(&installation);
    for _ in 0..3 {
        for target in ADDRESSES {
            assert_eq!(
                request(&uncached, "GET", target, &[]).body,
                request(&cached, "GET", target, &[]).body,
                "{target}"
            );
        }
    }
}
