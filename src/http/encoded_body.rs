//! A JSON body, encoded once for many responses: plain and compressed with gzip, each with its ETag.

use std::io::{Cursor, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use openssl::sha::sha256;
use rocket::Request;
use rocket::http::{ContentType, Header, MediaType, Status};
use rocket::response::{self, Responder, Response};

/// The most bytes of a body that Rocket copies at once. With its default of 4 KB, copying cost most of the throughput;
/// a much larger chunk would be held in memory for every client that reads slowly.
const CHUNK: usize = 256 * 1024;

/// The smallest body, in bytes, for which compression saves anything.
const WORTH_COMPRESSING: usize = 512;

/// The content type of all JSON responses: without a charset, as in POEM 2.3.
pub const JSON: ContentType = ContentType(MediaType::const_new("application", "json", &[]));

/// A JSON body, plain and compressed with gzip; only plain if it is small.
pub struct EncodedBody {
    plain: Encoded,
    gzip: Option<Encoded>,
}

struct Encoded {
    bytes: Arc<[u8]>,
    etag: String,
}

impl EncodedBody {
    /// Encodes a body in both forms, on a separate thread: compressing a large body takes some milliseconds.
    pub async fn compressed(bytes: Vec<u8>) -> Self {
        tokio::task::spawn_blocking(move || Self::new(bytes)).await.expect("compressing does not panic")
    }

    fn new(bytes: Vec<u8>) -> Self {
        let digest: String = sha256(&bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let gzip = (bytes.len() >= WORTH_COMPRESSING)
            .then(|| Encoded { bytes: gzip(&bytes).into(), etag: format!("\"{digest}-gzip\"") });
        Self { plain: Encoded { bytes: bytes.into(), etag: format!("\"{digest}\"") }, gzip }
    }

    /// The memory that both forms take, in bytes.
    pub fn size(&self) -> usize {
        self.plain.bytes.len() + self.gzip.as_ref().map_or(0, |gzip| gzip.bytes.len())
    }

    /// Returns the form that the client accepts, and whether it is the compressed one.
    fn form_for(&self, request: &Request<'_>) -> (&Encoded, bool) {
        let accepted = request.headers().get("Accept-Encoding").any(accepts_gzip);
        match &self.gzip {
            Some(gzip) if accepted => (gzip, true),
            _ => (&self.plain, false),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a vector takes all bytes")
}

/// Returns whether a value of `Accept-Encoding` such as `gzip, br;q=0.5` allows gzip (RFC 9110, section 12.5.3).
///
/// A coding with `q=0` is refused. `*` matches every coding that the header does not name.
fn accepts_gzip(header: &str) -> bool {
    let mut accepts_unnamed = false;
    for item in header.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight == 0.0))
        });
        if coding.eq_ignore_ascii_case("gzip") {
            return !refused;
        }
        accepts_unnamed |= coding == "*" && !refused;
    }
    accepts_unnamed
}

/// Returns whether the list of tags in `If-None-Match` contains this ETag, or is `*`. Weak tags match too.
pub fn matches(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Returns the same as [`matches()`], also for the tag that a proxy makes of this ETag when it compresses the response:
/// Apache's mod_deflate appends `-gzip` to it, mod_brotli `-br`.
pub fn matches_any_coding(header: &str, etag: &str) -> bool {
    let Some(own) = etag.strip_suffix('"') else { return matches(header, etag) };
    matches(header, etag) || ["gzip", "br"].iter().any(|coding| matches(header, &format!("{own}-{coding}\"")))
}

/// A response with an encoded body; 304 if the client has the current one already.
pub struct CachedBody(pub Arc<EncodedBody>);

impl CachedBody {
    /// Encodes a body that is not shared: for one request only.
    pub async fn once(bytes: Vec<u8>) -> Self {
        Self(Arc::new(EncodedBody::compressed(bytes).await))
    }
}

impl<'r> Responder<'r, 'static> for CachedBody {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (form, compressed) = self.0.form_for(request);
        let mut builder = Response::build();
        builder.header(Header::new("ETag", form.etag.clone()));
        builder.header(Header::new("Vary", "Accept-Encoding"));
        // A small body has one form, which a proxy may compress.
        let has_one_form = self.0.gzip.is_none();
        let is_known = |header| matches(header, &form.etag) || (has_one_form && matches_any_coding(header, &form.etag));
        if request.headers().get("If-None-Match").any(is_known) {
            return Ok(builder.status(Status::NotModified).finalize());
        }
        builder.header(JSON);
        if compressed {
            builder.header(Header::new("Content-Encoding", "gzip"));
        }
        let size = form.bytes.len();
        // The chunk size is a property of the body, so it must be set after the body. One byte more than the body has:
        // Rocket then finds the end in the same read, without a second one.
        builder.sized_body(size, Cursor::new(form.bytes.clone())).max_chunk_size((size + 1).min(CHUNK));
        Ok(builder.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_if_the_client_accepts_it() {
        for header in ["gzip", "deflate, GZIP", "gzip;q=0.5", "*", "br, gzip; q=1.0", "gzip, *;q=0"] {
            assert!(accepts_gzip(header), "{header}");
        }
        for header in ["", "br", "gzip;q=0", "gzip; q=0.000", "gzipped", "*;q=0", "gzip;q=0, *", "*, gzip;q=0"] {
            assert!(!accepts_gzip(header), "{header}");
        }
    }

    #[test]
    fn if_none_match_lists_tags_or_a_star() {
        assert!(matches("\"a\", \"b\"", "\"b\"") && matches("W/\"b\"", "\"b\"") && matches("*", "\"b\""));
        assert!(matches_any_coding("\"b-gzip\"", "\"b\"") && matches_any_coding("W/\"b-br\"", "\"b\""));
        assert!(matches_any_coding("\"b\"", "\"b\"") && !matches_any_coding("\"b-zip\"", "\"b\""));
        assert!(!matches("\"a\"", "\"b\"") && !matches("", "\"b\"") && !matches("b", "\"b\""));
    }

    #[test]
    fn each_form_has_its_own_tag() {
        let body = EncodedBody::new(vec![b'x'; 1000]);
        let gzip = body.gzip.as_ref().unwrap();
        assert_ne!(gzip.etag, body.plain.etag);
        assert!(gzip.bytes.len() < 1000 && body.size() > 1000);
        assert!(EncodedBody::new(b"[]".to_vec()).gzip.is_none());
    }
}
