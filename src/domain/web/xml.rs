//! The one reader of XML: strict, without DOCTYPE, with limits of depth and size. And the escaping for what is written.

use std::fmt::Write;

use roxmltree::{Document, Error, Node, ParsingOptions};

/// The deepest nesting of elements.
const DEPTH_LIMIT: usize = 100;
/// The most attributes of an element, with its namespace declarations.
const ATTRIBUTE_LIMIT: usize = 64;
/// The most nodes of a document, so that its memory is bounded.
const NODE_LIMIT: u32 = 4_000_000;

/// The reason why a text is not read as XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The document has a DOCTYPE, of which nothing is read: it may name entities and files.
    #[error("it has a DOCTYPE, which is refused")]
    Doctype,
    /// The elements are nested too deeply.
    #[error("its elements are nested deeper than {DEPTH_LIMIT}")]
    TooDeep,
    /// An element has too many attributes.
    #[error("an element has more than {ATTRIBUTE_LIMIT} attributes")]
    TooManyAttributes,
    /// The document has too many nodes.
    #[error("it has more than {NODE_LIMIT} nodes")]
    TooLarge,
    /// The text is not well-formed; holds what and where, in one line.
    #[error("it is not well-formed XML: {0}")]
    Syntax(String),
}

/// Parses a document.
///
/// # Errors
/// See [`XmlError`].
pub fn parse(text: &str) -> Result<Document<'_>, XmlError> {
    check_tags(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODE_LIMIT, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        Error::DtdDetected => XmlError::Doctype,
        Error::NodesLimitReached => XmlError::TooLarge,
        other => XmlError::Syntax(other.to_string().replace(char::is_control, " ")),
    })
}

/// Checks depth and attributes before the text is parsed: the parser compares each attribute and each namespace with all
/// others of its element, which takes a minute for a message of a few hundred kilobytes.
fn check_tags(text: &str) -> Result<(), XmlError> {
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some(start) = rest.find('<') {
        let tag = &rest[start..];
        let opaque = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        let end = match opaque.iter().find(|(begin, _)| tag.starts_with(begin)) {
            Some((_, end)) => tag.find(end).map(|place| place + end.len()),
            None if tag.starts_with("</") => {
                depth = depth.saturating_sub(1);
                tag.find('>')
            }
            None => {
                let (end, attributes) = end_of_tag(tag);
                if attributes > ATTRIBUTE_LIMIT {
                    return Err(XmlError::TooManyAttributes);
                }
                depth += usize::from(!end.is_some_and(|end| tag[..end].ends_with('/')));
                end
            }
        };
        if depth > DEPTH_LIMIT {
            return Err(XmlError::TooDeep);
        }
        // What does not end is not well-formed, as the parser finds out.
        let Some(end) = end else { return Ok(()) };
        rest = &tag[end..];
    }
    Ok(())
}

/// Returns the place of the `>` that ends a start tag, and the number of its attributes.
fn end_of_tag(tag: &str) -> (Option<usize>, usize) {
    let (mut quote, mut attributes) = (None, 0);
    for (place, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => return (Some(place), attributes),
            (None, _) => {}
        }
    }
    (None, attributes)
}

/// Returns the whole text of an element, with that of the elements in it, trimmed.
///
/// A comment in the middle splits a text into several nodes, so a single node is never the text.
pub fn text_of(element: Node<'_, '_>) -> String {
    let texts = element.descendants().filter(Node::is_text).filter_map(|node| node.text());
    texts.collect::<String>().trim().to_owned()
}

/// Returns the child elements of this name.
pub fn children<'a, 'i>(
    element: Node<'a, 'i>,
    (namespace, name): (&'static str, &'static str),
) -> impl Iterator<Item = Node<'a, 'i>> {
    element.children().filter(move |child| child.has_tag_name((namespace, name)))
}

/// Returns the text, escaped for the content of an element and for an attribute in quotes of either kind.
///
/// Characters that XML cannot have become U+FFFD.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                // Readers would replace them by blanks in an attribute. Writing to a String cannot fail.
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entities_depth_and_syntax_are_checked() {
        let error = |text: &str| parse(text).err().unwrap();
        assert_eq!(error("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"), XmlError::Doctype);
        assert!(matches!(error("<a>&b;</a>"), XmlError::Syntax(_)));
        assert!(matches!(error("<a>"), XmlError::Syntax(_)));
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(&nested(100)).is_ok());
        assert_eq!(error(&nested(101)), XmlError::TooDeep);
        let with_attributes =
            |count: usize| format!("<a{}/>", (0..count).map(|number| format!(" a{number}='='")).collect::<String>());
        assert!(parse(&with_attributes(64)).is_ok());
        assert_eq!(error(&with_attributes(65)), XmlError::TooManyAttributes);
        let text = format!("<a><b c='>'/><![CDATA[<x {0}>]]><!-- <x {0}> --><?p <x {0}>?></a>", "a='b' ".repeat(100));
        assert!(parse(&text).is_ok(), "text that looks like tags");
        // Far beyond what a recursive reader survives.
        assert_eq!(error(&nested(1_000_000)), XmlError::TooDeep);
    }

    #[test]
    fn the_text_of_an_element_is_whole() {
        let document = parse("<a> one<!-- x --> two<b><![CDATA[ three]]></b>\n</a>").unwrap();
        assert_eq!(text_of(document.root_element()), "one two three");
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_read_as_it_was(text in "\\PC{0,20}[\t\n\r'\"&<>]{0,3}\\PC{0,5}") {
            let xml = format!("<a b='{0}' c=\"{0}\">{0}</a>", escape(&text));
            let document = parse(&xml).unwrap();
            let element = document.root_element();
            prop_assert_eq!(element.attribute("b"), Some(text.as_str()));
            prop_assert_eq!(element.attribute("c"), Some(text.as_str()));
            prop_assert_eq!(element.text().unwrap_or_default(), text.as_str());
        }

        #[test]
        fn an_escaped_text_is_always_well_formed(text in any::<String>()) {
            let xml = format!("<a b='{0}'>{0}</a>", escape(&text));
            prop_assert!(parse(&xml).is_ok());
        }
    }
}
