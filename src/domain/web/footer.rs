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

impl Footer {
    /// Returns a footer; the addresses are those of the terms of use, the privacy statement and the licence.
    ///
    /// An address that is neither `http`, `https` nor a path is left out, and so is an image that is not a path: pages
    /// load images from this server only.
    pub fn new(text: String, (logo, logo_text): (String, String), addresses: [String; 3]) -> Self {
        let is_path = |address: &str| address.starts_with('/') && !address.starts_with("//");
        let is_link =
            |address: &str| address.starts_with("https://") || address.starts_with("http://") || is_path(address);
        let labels = ["Terms of use", "Privacy", "Licence"].map(str::to_owned);
        let links = labels.into_iter().zip(addresses).filter(|(_, address)| is_link(address)).collect();
        let logo = if is_path(&logo) { logo } else { String::new() };
        Self { text, logo, logo_text, links }
    }

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
    fn only_addresses_that_a_page_may_use_are_shown() {
        let of = |logo: &str, terms: &str| {
            Footer::new(
                String::new(),
                (logo.to_owned(), String::new()),
                [terms.to_owned(), String::new(), String::new()],
            )
        };
        let footer = of("/static/local/funder.svg", "https://example.org/terms");
        assert_eq!(footer.logo, "/static/local/funder.svg");
        assert_eq!(footer.links, [("Terms of use".to_owned(), "https://example.org/terms".to_owned())]);
        let refused = of("https://example.org/funder.svg", "javascript:alert(1)");
        assert_eq!((refused.logo.as_str(), refused.links.len()), ("", 0));
    }
}
