//! A JSON body, encoded once for many responses: plain and compressed with gzip, each with its ETag.

use std::io::{Cursor, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use openssl::sha::sha256;
use rocket::Request;
use rocket::http::{ContentType, Header, MediaType, Status};
use rocket::response::{self, Responder, Response};

/// The most that Rocket copies of a body at once. Its 4 KB cost most of the throughput; much more would be held in
/// memory for every client that reads slowly.
const CHUNK: usize = 256 * 1024;

/// Below this size compressing saves nothing.
const WORTH_COMPRESSING: usize = 512;

/// The content type of all JSON; without a charset, as clients of 2.3 know it.
pub const JSON: ContentType = ContentType(MediaType::const_new("application", "json", &[]));

/// JSON, plain and compressed.
pub struct EncodedBody {
    plain: Encoded,
    gzip: Option<Encoded>,
}

struct Encoded {
    bytes: Arc<[u8]>,
    etag: String,
}

impl EncodedBody {
    /// Compresses as well, on a thread of its own: a large answer takes some milliseconds.
    pub async fn compressed(bytes: Vec<u8>) -> Self {
        tokio::task::spawn_blocking(move || Self::new(bytes)).await.expect("compressing does not panic")
    }

    fn new(bytes: Vec<u8>) -> Self {
        let digest: String = sha256(&bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let gzip = (bytes.len() >= WORTH_COMPRESSING)
            .then(|| Encoded { bytes: gzip(&bytes).into(), etag: format!("\"{digest}-gzip\"") });
        Self { plain: Encoded { bytes: bytes.into(), etag: format!("\"{digest}\"") }, gzip }
    }

    /// The bytes it takes in memory.
    pub fn size(&self) -> usize {
        self.plain.bytes.len() + self.gzip.as_ref().map_or(0, |gzip| gzip.bytes.len())
    }

    /// The form that the client takes, and whether it is the compressed one.
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

/// `gzip, br;q=0.5` and the like; `gzip;q=0` refuses it. `*` stands for what is not named.
fn accepts_gzip(header: &str) -> bool {
    let mut others = false;
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
        others |= coding == "*" && !refused;
    }
    others
}

/// Whether one of the tags of If-None-Match is this one.
pub fn matches(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// A response with an encoded body; 304 if the client has it already.
pub struct CachedBody(pub Arc<EncodedBody>);

impl CachedBody {
    /// Encodes a body for one request.
    pub async fn once(bytes: Vec<u8>) -> Self {
        Self(Arc::new(EncodedBody::compressed(bytes).await))
    }
}

impl<'r> Responder<'r, 'static> for CachedBody {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (form, compressed) = self.0.form_for(request);
        let mut answer = Response::build();
        answer.header(Header::new("ETag", form.etag.clone()));
        answer.header(Header::new("Vary", "Accept-Encoding"));
        if request.headers().get("If-None-Match").any(|header| matches(header, &form.etag)) {
            return Ok(answer.status(Status::NotModified).finalize());
        }
        answer.header(JSON);
        if compressed {
            answer.header(Header::new("Content-Encoding", "gzip"));
        }
        let size = form.bytes.len();
        // The size of chunks belongs to the body, so it comes after it. One byte more than the body has: the end is
        // then found in the same buffer, without a second one.
        answer.sized_body(size, Cursor::new(form.bytes.clone())).max_chunk_size((size + 1).min(CHUNK));
        Ok(answer.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip() {
        for header in ["gzip", "deflate, GZIP", "gzip;q=0.5", "*", "br, gzip; q=1.0", "gzip, *;q=0"] {
            assert!(accepts_gzip(header), "{header}");
        }
        for header in ["", "br", "gzip;q=0", "gzip; q=0.000", "gzipped", "*;q=0", "gzip;q=0, *", "*, gzip;q=0"] {
            assert!(!accepts_gzip(header), "{header}");
        }
    }

    #[test]
    fn which_tags_match() {
        assert!(matches("\"a\", \"b\"", "\"b\"") && matches("W/\"b\"", "\"b\"") && matches("*", "\"b\""));
        assert!(!matches("\"a\"", "\"b\"") && !matches("", "\"b\"") && !matches("b", "\"b\""));
    }

    #[test]
    fn the_forms_have_tags_of_their_own() {
        let body = EncodedBody::new(vec![b'x'; 1000]);
        let gzip = body.gzip.as_ref().unwrap();
        assert_ne!(gzip.etag, body.plain.etag);
        assert!(gzip.bytes.len() < 1000 && body.size() > 1000);
        assert!(EncodedBody::new(b"[]".to_vec()).gzip.is_none());
    }
}
