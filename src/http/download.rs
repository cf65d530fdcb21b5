//! A JSON file that the browser saves.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rocket::http::ContentType;
use rocket::http::Header;
use rocket::response::Responder;

/// A JSON file with its name.
#[derive(Responder)]
pub struct JsonFile {
    text: String,
    content_type: ContentType,
    disposition: Header<'static>,
}

impl JsonFile {
    /// Creates the file `NAME.json`. Characters that no file system takes are left out of the name.
    pub fn new(name: &str, text: String) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).collect();
        let name = utf8_percent_encode(name.trim_start_matches('.'), NON_ALPHANUMERIC);
        let disposition = Header::new("Content-Disposition", format!("attachment; filename*=UTF-8''{name}.json"));
        Self { text, content_type: ContentType::JSON, disposition }
    }
}
