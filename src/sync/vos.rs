//! The XML feed of VOs: elements IDCard with the attributes Name and Status.

use super::text::quoted;
use super::xml_feed::{FeedError, children, decoded, name_problem, parsed, without};
use crate::domain::model::sync_feed::FeedContent;

/// The status of a VO that is in production, in any case.
const PRODUCTION: &str = "production";

/// Reads the VOs that are in production.
///
/// # Errors
/// `Unreadable` if this is not XML; `Unusable` if it has no card, or none of them is in production.
pub fn read(bytes: &[u8], charset: Option<&str>) -> Result<FeedContent, FeedError> {
    let text = decoded(bytes, charset)?;
    let document = parsed(&text)?;
    let mut content = FeedContent::default();
    let mut cards = 0;
    for card in children(&document, "IDCard") {
        cards += 1;
        let attribute = |name| card.attribute(name).map(str::trim).unwrap_or_default();
        add(&mut content, cards, attribute("Name"), attribute("Status"));
    }
    if cards == 0 {
        return Err(without(&document, "IDCard"));
    }
    if content.entries.is_empty() {
        return Err(FeedError::Unusable(format!("none of the {cards} cards is in production")));
    }
    // A VO with several cards is listed if one of them is in production.
    content.untouched.retain(|name| !content.entries.contains_key(name));
    Ok(content)
}

fn add(content: &mut FeedContent, place: usize, name: &str, status: &str) {
    if name.is_empty() || status.is_empty() {
        let which = if name.is_empty() { format!("card {place}") } else { quoted(name, 128) };
        let words = "vo card does not contain 'Name' and 'Status' attributes for";
        content.left_out += 1;
        content.warnings.push(format!("{words} {which}"));
    } else if let Some(problem) = name_problem(name) {
        content.left_out += 1;
        content.warnings.push(format!("card {place} is left out: its name {} {problem}", quoted(name, 40)));
    } else {
        if status.eq_ignore_ascii_case(PRODUCTION) {
            content.entries.insert(name.to_owned(), Vec::new());
        }
        return;
    }
    if !name.is_empty() {
        content.untouched.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(content: &FeedContent) -> Vec<&str> {
        content.entries.keys().map(String::as_str).collect()
    }

    #[test]
    fn cards_in_production_are_read() {
        let content = read(
            b"<VoDump xmlns='urn:x'><IDCard Name=' ops ' Status='PRODUCTION '><Name>x</Name></IDCard>\
              <IDCard Name='old' Status='Suspended'/><IDCard Name='two' Status='Deleted'/>\
              <IDCard Name='two' Status='Production'/><deeper><IDCard Name='no' Status='Production'/></deeper>\
              <IDCard Name='Ops' Status='production'/></VoDump>",
            None,
        );
        let content = content.unwrap();
        assert_eq!(names(&content), ["Ops", "ops", "two"]);
        assert!(content.warnings.is_empty() && content.untouched.is_empty());
    }

    #[test]
    fn a_card_that_cannot_be_judged_leaves_its_vo_alone() {
        let long = "v".repeat(129);
        let feed = format!(
            "<a><IDCard Name='a' Status='Production'/><IDCard Name='b'/><IDCard Status='Production'/>\
             <IDCard Name='{long}' Status='Production'/><IDCard Name='a' Status=' '/></a>"
        );
        let content = read(feed.as_bytes(), None).unwrap();
        assert_eq!(names(&content), ["a"]);
        assert_eq!(content.untouched.iter().map(String::as_str).collect::<Vec<_>>(), ["b", long.as_str()]);
        assert_eq!(content.left_out, 4);
        assert_eq!(content.warnings[0], "vo card does not contain 'Name' and 'Status' attributes for \"b\"");
        assert_eq!(content.warnings[1], "vo card does not contain 'Name' and 'Status' attributes for card 3");
    }

    #[test]
    fn a_feed_without_a_usable_card_is_an_error() {
        let error = |text: &str| read(text.as_bytes(), None).unwrap_err().to_string();
        assert_eq!(error("<VoDump/>"), "there is no IDCard, the root is <VoDump>");
        assert_eq!(error("<a><IDCard Name='x' Status='Deleted'/></a>"), "none of the 1 cards is in production");
        assert_eq!(error("nothing here"), "this is text: \"nothing here\"");
    }
}
