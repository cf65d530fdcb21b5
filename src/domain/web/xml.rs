//! The one reader of XML: strict, without DOCTYPE, with limits of depth and size.

use roxmltree::{Document, Error, ParsingOptions};

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

#[cfg(test)]
mod tests {
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
}
