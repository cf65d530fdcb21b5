//! What a tenant shows at the foot of its pages: who provides and funds the service, and under which terms.

use serde::Serialize;

/// The foot of a tenant's pages; every text is empty if it is not configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Footer {
    /// The text: who provides and funds the service.
    pub text: String,
    /// The address of the image, on this server.
    pub logo: String,
    /// The text of the image, for readers who do not see it.
    pub logo_text: String,
    /// The links, as label and address.
    pub links: Vec<(String, String)>,
}

/// Returns whether a text is a path on this server.
pub fn is_path(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//")
}

/// Returns whether a text is an address that a page may link to: `http`, `https`, or a path.
pub fn is_link(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://") || is_path(address)
}

/// Parses `Label=https://…` into label and address.
pub fn labelled_link(text: &str) -> Option<(String, String)> {
    let (label, address) = text.split_once('=')?;
    let (label, address) = (label.trim(), address.trim());
    let is_good = !label.is_empty() && address.starts_with("https://") && !address.contains(char::is_whitespace);
    is_good.then(|| (label.to_owned(), address.to_owned()))
}

impl Footer {
    /// Returns the memory of its texts, in bytes.
    pub fn size(&self) -> usize {
        let links = self.links.iter().map(|(label, address)| label.len() + address.len()).sum::<usize>();
        self.text.len() + self.logo.len() + self.logo_text.len() + links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_link_only_to_the_web_and_to_paths() {
        assert!(is_link("https://example.org/terms") && is_link("/static/local/terms.pdf"));
        assert!(!is_link("javascript:alert(1)") && !is_link("//example.org/"));
        assert!(is_path("/static/local/funder.svg") && !is_path("https://example.org/funder.svg"));
    }

    #[test]
    fn a_link_has_a_label_and_an_address() {
        let link = |label: &str, address: &str| Some((label.to_owned(), address.to_owned()));
        assert_eq!(labelled_link("Status = https://s.example.org/?a=b"), link("Status", "https://s.example.org/?a=b"));
        for bad in ["https://example.org", "=https://example.org", "Status=http://example.org", "Status=javascript:x"] {
            assert_eq!(labelled_link(bad), None, "{bad}");
        }
    }
}
