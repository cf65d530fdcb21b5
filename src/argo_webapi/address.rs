//! The addresses of single objects: the id of an object is one segment of the path.

use crate::domain::web::url_path::segment;
use crate::http_client::exchange::Url;

/// Returns false for an id that no object of the WEB-API can have: it is empty or would lead to another address.
pub fn is_id(id: &str) -> bool {
    !["", ".", ".."].contains(&id) && !id.contains(char::is_control)
}

/// Returns the address of all objects, or of the object with this id.
///
/// `None` for an id that [`is_id`] refuses, or if `base` is no address.
pub fn of(base: &str, id: Option<&str>) -> Option<Url> {
    match id {
        None => Url::parse(base).ok(),
        Some(id) if is_id(id) => Url::parse(&format!("{base}/{}", segment(id))).ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://api.example.org/api/v2/aggregation_profiles";

    #[test]
    fn an_id_is_one_segment_of_the_path() {
        for (id, segment) in [
            ("a9e2-b.c_d~", "a9e2-b.c_d~"),
            ("a/../b", "a%2F..%2Fb"),
            ("a b?c#d%2e", "a%20b%3Fc%23d%252e"),
            ("%2e%2e", "%252e%252e"),
            ("\u{e9}\\", "%C3%A9%5C"),
            ("...", "..."),
        ] {
            assert_eq!(of(BASE, Some(id)).unwrap().as_str(), format!("{BASE}/{segment}"));
        }
        assert_eq!(of(BASE, None).unwrap().as_str(), BASE);
    }

    #[test]
    fn an_id_that_leads_elsewhere_has_no_address() {
        for id in ["", ".", "..", "a\nb", "\0", "\u{7f}", "\u{85}"] {
            assert_eq!(of(BASE, Some(id)), None, "{id:?}");
        }
    }
}
