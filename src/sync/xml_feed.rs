//! The XML feed of service types, and what both XML feeds share.

use roxmltree::{Document, Node};

use super::encoding::decode_xml;
use super::text::{described, quoted};
use crate::domain::model::sync_feed::FeedContent;
use crate::domain::web::xml;

/// The longest name, in characters.
const NAME_LIMIT: usize = 128;
/// The longest of the other texts, in characters.
const TEXT_LIMIT: usize = 1024;

/// The reason why a feed changes nothing; a sentence without its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The body is not in the format of the feed.
    #[error("{0}")]
    Unreadable(String),
    /// The body can be read, but has nothing that can be used.
    #[error("{0}")]
    Unusable(String),
}

/// Decodes the bytes of an XML feed.
pub(super) fn decoded(bytes: &[u8], charset: Option<&str>) -> Result<String, FeedError> {
    decode_xml(bytes, charset).map_err(|error| FeedError::Unreadable(error.to_string()))
}

/// Parses the text of an XML feed; a body that is something else is named.
pub(super) fn parsed(text: &str) -> Result<Document<'_>, FeedError> {
    xml::parse(text).map_err(|error| FeedError::Unreadable(described(text).unwrap_or_else(|| error.to_string())))
}

/// The failure of a document without a single element that is looked for.
pub(super) fn without(document: &Document<'_>, wanted: &str) -> FeedError {
    if let Some(words) = described(document.input_text()) {
        return FeedError::Unreadable(words);
    }
    let root = document.root_element();
    let words = text_of(root);
    let name = root.tag_name().name();
    FeedError::Unusable(match words.is_empty() {
        true => format!("there is no {wanted}, the root is <{}>", quoted_name(name)),
        false => format!("there is no {wanted}, the root is <{}>: {}", quoted_name(name), quoted(&words, 100)),
    })
}

fn quoted_name(name: &str) -> String {
    name.chars().take(40).collect()
}

/// The text of an element with that of the elements inside, trimmed.
fn text_of(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text).filter_map(|text| text.text());
    texts.collect::<String>().trim().to_owned()
}

/// Returns the children of the root with this name, in any namespace.
pub(super) fn children<'a, 'b>(document: &'b Document<'a>, name: &'static str) -> impl Iterator<Item = Node<'b, 'a>> {
    document.root_element().children().filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// Returns why an entry is left out because of its name; `None` if the name is fine.
pub(super) fn name_problem(name: &str) -> Option<String> {
    match name.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Some(c) => Some(format!("has the control character U+{:04X}", u32::from(c))),
        None if name.chars().count() > NAME_LIMIT => Some(format!("is longer than {NAME_LIMIT} characters")),
        None => None,
    }
}

/// Returns why an entry is left out because of another text; `None` if the text is fine.
pub(super) fn text_problem(text: &str) -> Option<String> {
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(c) => Some(format!("has the control character U+{:04X}", u32::from(c))),
        None if text.chars().count() > TEXT_LIMIT => Some(format!("is longer than {TEXT_LIMIT} characters")),
        None => None,
    }
}

/// Reads the service types: elements SERVICE_TYPE with SERVICE_TYPE_NAME and SERVICE_TYPE_DESC.
///
/// # Errors
/// `Unreadable` if this is not XML; `Unusable` if no service type has a name.
pub fn service_types(bytes: &[u8], charset: Option<&str>) -> Result<FeedContent, FeedError> {
    let text = decoded(bytes, charset)?;
    let document = parsed(&text)?;
    let mut content = FeedContent::default();
    for (place, element) in children(&document, "SERVICE_TYPE").enumerate() {
        let [name, description] = ["SERVICE_TYPE_NAME", "SERVICE_TYPE_DESC"].map(|wanted| {
            let mut parts = element.children().filter(|part| part.tag_name().name().eq_ignore_ascii_case(wanted));
            parts.next().map(text_of).unwrap_or_default()
        });
        add_service_type(&mut content, place + 1, name, description);
    }
    match content.entries.is_empty() && content.untouched.is_empty() {
        true => Err(without(&document, "SERVICE_TYPE with a name")),
        false => Ok(content),
    }
}

fn add_service_type(content: &mut FeedContent, place: usize, name: String, description: String) {
    let problem = match name.is_empty() {
        true => Some("has no name".to_owned()),
        false => name_problem(&name)
            .map(|problem| format!("its name {} {problem}", quoted(&name, 40)))
            .or_else(|| text_problem(&description).map(|problem| format!("the description of {name} {problem}"))),
    };
    if let Some(problem) = problem {
        content.left_out += 1;
        content.warnings.push(format!("service type {place} is left out: {problem}"));
        // The name may be listed already, so it must not count as gone.
        if !name.is_empty() {
            content.untouched.insert(name);
        }
        return;
    }
    if let Some(earlier) = content.entries.insert(name.clone(), vec![description.clone()])
        && earlier[0] != description
    {
        content
            .warnings
            .push(format!("service type {} is there twice: the last description counts", quoted(&name, 128)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(elements: &str) -> Result<FeedContent, FeedError> {
        service_types(format!("<results>{elements}</results>").as_bytes(), None)
    }

    #[test]
    fn service_types_are_read() {
        let content = read(
            "<SERVICE_TYPE ID='1'><OTHER/><SERVICE_TYPE_NAME> CE </SERVICE_TYPE_NAME>\
             <SERVICE_TYPE_DESC><![CDATA[A <b>]]> &amp; <i>more</i></SERVICE_TYPE_DESC></SERVICE_TYPE>\
             <x:SERVICE_TYPE xmlns:x='urn:x'><service_type_name>ce</service_type_name></x:SERVICE_TYPE>",
        );
        let content = content.unwrap();
        assert_eq!(content.entries["CE"], ["A <b> & more"]);
        assert_eq!(content.entries["ce"], [""]);
        assert!(content.warnings.is_empty());
    }

    #[test]
    fn doubtful_entries_are_left_out_with_a_warning() {
        let entry = |name: &str, description: &str| {
            format!(
                "<SERVICE_TYPE><SERVICE_TYPE_NAME>{name}</SERVICE_TYPE_NAME>\
                 <SERVICE_TYPE_DESC>{description}</SERVICE_TYPE_DESC></SERVICE_TYPE>"
            )
        };
        let long = "é".repeat(129);
        let elements = [
            entry("twice", "one"),
            entry("", "x"),
            entry(&long, "x"),
            entry("a&#10;b", "x"),
            entry("described", &"x".repeat(1025)),
            entry("twice", "two"),
            entry(&"é".repeat(128), &"€".repeat(1024)),
        ];
        let content = read(&elements.concat()).unwrap();
        assert_eq!(content.entries["twice"], ["two"]);
        assert_eq!((content.entries.len(), content.left_out), (2, 4));
        assert!(content.untouched.contains("described") && content.untouched.contains(&long));
        for (warning, words) in content.warnings.iter().zip([
            "service type 2 is left out: has no name",
            "is longer than 128 characters",
            "\"a\\nb\" has the control character U+000A",
            "the description of described is longer than 1024 characters",
            "\"twice\" is there twice",
        ]) {
            assert!(warning.contains(words), "{warning}");
        }
        assert_eq!(content.warnings.len(), 5);
    }

    #[test]
    fn another_document_is_named() {
        let error = |text: &str| service_types(text.as_bytes(), None).unwrap_err().to_string();
        assert_eq!(
            error("<error>No identity</error>"),
            "there is no SERVICE_TYPE with a name, the root is <error>: \"No identity\""
        );
        assert_eq!(error("<results/>"), "there is no SERVICE_TYPE with a name, the root is <results>");
        assert_eq!(error("<html><title>Sign in</title>"), "this is an HTML page titled \"Sign in\"");
        assert!(error("<!DOCTYPE a><a/>").contains("DOCTYPE"));
        assert_eq!(
            error("<a><SERVICE_TYPE>\nx</SERVICE_TYPE></a>"),
            "there is no SERVICE_TYPE with a name, the root is <a>: \"x\""
        );
        assert_eq!(error("<SERVICE_TYPE/>"), "there is no SERVICE_TYPE with a name, the root is <SERVICE_TYPE>");
    }
}
