//! Reading the XML of messages: helpers over the strict reader, with the limits of messages.

use roxmltree::{Document, Node};

use super::refusal::{Refusal, RefusalClass};
use crate::domain::web::xml;
pub use crate::domain::web::xml::escape;

/// The deepest nesting of elements.
const DEPTH_LIMIT: usize = 64;
/// The most nodes.
const NODE_LIMIT: usize = 60_000;
/// The longest complaint of the parser, in characters.
const LONGEST_COMPLAINT: usize = 120;

/// Parses a message.
///
/// It must be well-formed, without DOCTYPE, processing instructions and comments, and no value may be twice among its
/// ids: what the signature refers to must be unambiguous for every parser.
///
/// # Errors
/// `Malformed`.
pub fn parse(text: &str) -> Result<Document<'_>, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_encoding(text)?;
    let document = xml::parse(text).map_err(|error| {
        RefusalClass::Malformed.because(error.to_string().chars().take(LONGEST_COMPLAINT).collect::<String>())
    })?;
    check_nodes(&document)?;
    Ok(document)
}

/// Refuses an XML declaration with another encoding than UTF-8.
fn check_encoding(text: &str) -> Result<(), Refusal> {
    let Some((declaration, _)) = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) else {
        return Ok(());
    };
    let Some((_, declared)) = declaration.split_once("encoding") else { return Ok(()) };
    let declared = declared.trim_start().trim_start_matches('=').trim().trim_start_matches(['"', '\'']);
    let is_utf8 = declared.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("utf-8"));
    match is_utf8 && declared[5..].starts_with(['"', '\'']) {
        true => Ok(()),
        false => Err(RefusalClass::Malformed.because("its declared encoding is not UTF-8")),
    }
}

fn check_nodes(document: &Document<'_>) -> Result<(), Refusal> {
    let malformed = |cause: &str| Err(RefusalClass::Malformed.because(cause));
    let mut ids = Vec::new();
    for (count, node) in document.descendants().enumerate() {
        if count >= NODE_LIMIT {
            return malformed("it has too many nodes");
        }
        if node.is_comment() || node.is_pi() {
            return malformed("it has a comment or a processing instruction");
        }
        if node.is_element() && node.ancestors().nth(DEPTH_LIMIT + 1).is_some() {
            return malformed("its elements are nested too deeply");
        }
        ids.extend(node.attributes().filter(|attribute| is_id(attribute.name())).map(|attribute| attribute.value()));
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == count { Ok(()) } else { malformed("an ID occurs twice") }
}

/// Returns true for the local names by which parsers may know ids, in any namespace.
fn is_id(name: &str) -> bool {
    matches!(name, "ID" | "Id" | "id")
}

/// Returns true if the node is the element with this name.
pub fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// Returns the child elements with this name, in order.
pub fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| is(*child, namespace, name))
}

/// Returns the first child element with this name.
pub fn child<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &'static str,
    name: &'static str,
) -> Option<Node<'a, 'input>> {
    children(node, namespace, name).next()
}

/// Returns the whole text of an element, trimmed; `None` if there are elements in it.
pub fn text(node: Node<'_, '_>) -> Option<String> {
    if node.children().any(|child| child.is_element()) {
        return None;
    }
    let whole: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
    Some(whole.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).err().map(|refusal| refusal.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_message_is_plain_xml() {
        for good in [
            "<a/>",
            "\u{feff}<a/>",
            "<?xml version=\"1.0\"?><a/>",
            "<?xml version='1.0' encoding='utf-8'?><a/>",
            "<a>&amp;&#233;</a>",
        ] {
            assert_eq!(refusal(good), "", "{good}");
        }
        for bad in [
            "",
            "a",
            "<a>",
            "<a/><b/>",
            "<p:a/>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<a>&b;</a>",
            "<a><!-- --></a>",
            "<a/><!-- -->",
            "<a><?b c?></a>",
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "<?xml version='1.0' encoding='utf-8x'?><a/>",
            "<?xml version='1.0' encoding=''?><a/>",
            "<a ID='1'><b Id='1'/></a>",
            "<a ID='1' xml:id='1'/>",
            "<a xmlns:x='urn:x' x:ID='1' id='1'/>",
        ] {
            assert!(refusal(bad).starts_with("malformed: "), "{bad}: {}", refusal(bad));
        }
    }

    #[test]
    fn a_message_is_bounded() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert_eq!(refusal(&nested(DEPTH_LIMIT)), "");
        for depth in [DEPTH_LIMIT + 1, 300, 100_000] {
            assert!(refusal(&nested(depth)).contains("nested"), "{depth}");
        }
        assert!(refusal(&format!("<a>{}</a>", "<b/>".repeat(NODE_LIMIT))).contains("too many nodes"));
    }

    #[test]
    fn the_text_of_an_element_is_whole_and_trimmed() {
        let document = Document::parse("<a> x<![CDATA[&]]>y&#233;\n</a>").unwrap();
        assert_eq!(text(document.root_element()).as_deref(), Some("x&yé"));
        let document = Document::parse("<a>x<b/></a>").unwrap();
        assert_eq!(text(document.root_element()), None);
    }
}
