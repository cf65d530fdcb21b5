//! A file that the browser saves.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rocket::http::ContentType;
use rocket::http::Header;
use rocket::response::Responder;

/// A file with its name.
#[derive(Debug, Responder)]
pub struct Download {
    text: String,
    content_type: ContentType,
    disposition: Header<'static>,
}

impl Download {
    /// Creates the file `NAME.json`.
    pub fn json(name: &str, text: String) -> Self {
        Self::new(name, "json", (ContentType::JSON, text))
    }

    /// Creates the file `NAME.csv`.
    pub fn csv(name: &str, text: String) -> Self {
        Self::new(name, "csv", (ContentType::CSV.with_params(("charset", "utf-8")), text))
    }

    /// Creates the file `NAME.txt`.
    pub fn text(name: &str, text: String) -> Self {
        Self::new(name, "txt", (ContentType::Plain, text))
    }

    /// Characters that no file system takes are left out of the name.
    fn new(name: &str, extension: &str, (content_type, text): (ContentType, String)) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).collect();
        let name = utf8_percent_encode(name.trim_start_matches('.'), NON_ALPHANUMERIC);
        let disposition = format!("attachment; filename*=UTF-8''{name}.{extension}");
        Self { text, content_type, disposition: Header::new("Content-Disposition", disposition) }
    }
}
