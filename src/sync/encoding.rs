//! The text of a feed. The bytes decide its encoding, in the order of XML: byte order mark, declaration, header.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, mem};

/// The reason why bytes are not read as text; a part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// The encoding is none of those that are read.
    #[error("its encoding is {0:?}, which is not supported")]
    Unknown(String),
    /// The bytes do not fit the encoding.
    #[error("it is not valid {0}")]
    Invalid(String),
}

/// Decodes XML. `charset`: that of the header Content-Type, which counts if the document names none.
///
/// # Errors
/// See [`EncodingError`].
pub fn decode_xml(bytes: &[u8], charset: Option<&str>) -> Result<String, EncodingError> {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => return decode(encoding.name(), encoding, &bytes[length..]),
        None => (declared(bytes).or_else(|| charset.map(str::to_owned)).unwrap_or_else(|| "UTF-8".to_owned()), bytes),
    };
    match encoding.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => decode("UTF-8", UTF_8, bytes),
        "utf-16" | "utf-16le" | "utf-16be" => decode(&encoding, utf_16_of(bytes), bytes),
        "us-ascii" | "ascii" if bytes.is_ascii() => decode("US-ASCII", UTF_8, bytes),
        "us-ascii" | "ascii" => Err(EncodingError::Invalid("US-ASCII".to_owned())),
        "iso-8859-1" | "iso_8859-1" | "latin1" => Ok(mem::decode_latin1(bytes).into_owned()),
        "windows-1252" | "cp1252" => decode("windows-1252", WINDOWS_1252, bytes),
        _ => Err(EncodingError::Unknown(encoding.chars().take(40).collect())),
    }
}

/// Decodes JSON: UTF-8, with or without a byte order mark.
///
/// # Errors
/// `Invalid`.
pub fn decode_json(bytes: &[u8]) -> Result<String, EncodingError> {
    decode("UTF-8", UTF_8, bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
}

fn decode(name: &str, encoding: &'static Encoding, bytes: &[u8]) -> Result<String, EncodingError> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned()),
        None => Err(EncodingError::Invalid(name.to_owned())),
    }
}

/// The byte order of UTF-16 without a mark: that of the first `<`.
fn utf_16_of(bytes: &[u8]) -> &'static Encoding {
    if bytes.starts_with(b"\0<") { UTF_16BE } else { UTF_16LE }
}

/// Returns the encoding that the XML declaration names; `None` if there is none.
fn declared(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"<\0?\0") || bytes.starts_with(b"\0<\0?") {
        return Some("UTF-16".to_owned());
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?.to_owned();
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start().to_owned();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(encoding: &str) -> String {
        format!("<?xml version='1.0' encoding=\"{encoding}\" ?><a>é€</a>")
    }

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn the_bytes_decide_the_encoding() {
        let text = |bytes: &[u8], charset| decode_xml(bytes, charset).unwrap();
        assert!(text(xml("UTF-8").as_bytes(), Some("latin1")).contains("é€"));
        assert!(text("<a>é</a>".as_bytes(), None).contains('é'));
        assert!(text(b"<a>\xE9</a>", Some("ISO-8859-1")).contains('é'));
        let latin = xml("iso-8859-1").replace('€', "").replace('é', "\u{1}").into_bytes();
        let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == 1 { 0xE9 } else { byte }).collect();
        assert!(text(&latin, Some("utf-8")).contains('é'));
        assert!(text(b"<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>", None).contains('€'));
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            assert!(text(&utf_16(&xml("UTF-16"), bytes), None).contains("é€"));
            assert!(text(&utf_16(&format!("\u{FEFF}{}", xml("utf-8")), bytes), None).contains("é€"));
        }
        assert_eq!(decode_json(b"\xEF\xBB\xBF[]").unwrap(), "[]");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = |bytes: &[u8], charset| decode_xml(bytes, charset).unwrap_err().to_string();
        assert_eq!(error(b"<a>\xE9</a>", None), "it is not valid UTF-8");
        assert_eq!(error(b"\xEF\xBB\xBF<a>\xE9</a>", Some("latin1")), "it is not valid UTF-8");
        assert_eq!(error(xml("us-ascii").as_bytes(), None), "it is not valid US-ASCII");
        assert_eq!(error(xml("EBCDIC-1").as_bytes(), None), "its encoding is \"EBCDIC-1\", which is not supported");
        assert_eq!(error(b"\xFF\xFE<", None), "it is not valid UTF-16LE");
        assert_eq!(decode_json(b"[\"\xE9\"]").unwrap_err().to_string(), "it is not valid UTF-8");
    }
}
