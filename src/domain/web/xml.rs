//! The one reader of XML: strict, without DOCTYPE, with limits of depth and size. And the escaping for what is written.

use std::fmt::Write;

use roxmltree::{Document, Error, Node, ParsingOptions};

/// The deepest nesting of elements.
const DEPTH_LIMIT: usize = 100;
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
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODE_LIMIT, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        Error::DtdDetected => XmlError::Doctype,
        Error::NodesLimitReached => XmlError::TooLarge,
        other => XmlError::Syntax(other.to_string().replace(char::is_control, " ")),
    })?;
    match is_deeper(&document, DEPTH_LIMIT) {
        true => Err(XmlError::TooDeep),
        false => Ok(document),
    }
}

/// Returns true if elements are nested deeper than the limit. Walks from node to node: recursion would need a stack.
fn is_deeper(document: &Document<'_>, limit: usize) -> bool {
    let mut node = document.root_element();
    let mut depth = 1;
    loop {
        if let Some(child) = node.first_element_child() {
            (node, depth) = (child, depth + 1);
            if depth > limit {
                return true;
            }
            continue;
        }
        loop {
            if depth == 1 {
                return false;
            }
            if let Some(sibling) = node.next_sibling_element() {
                node = sibling;
                break;
            }
            let Some(parent) = node.parent_element() else { return false };
            (node, depth) = (parent, depth - 1);
        }
    }
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
