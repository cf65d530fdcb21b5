//! Base64 with padding, strictly.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

/// Decodes a text; `None` if it is not base64 or its padding is wrong.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Encodes bytes.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
