//! The messages of service providers, as far as the demo identity provider needs them.

use roxmltree::Node;

use crate::domain::web::xml;
use crate::saml::names;

/// An AuthnRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLogin {
    /// `ID`.
    pub id: String,
    /// The entity id of the service provider.
    pub issuer: String,
    /// `AssertionConsumerServiceURL`; `None` if it is left to the identity provider.
    pub acs: Option<String>,
    /// `ForceAuthn`: the person has to be asked.
    pub asks_anew: bool,
    /// `IsPassive`: the person must not be asked.
    pub is_passive: bool,
}

/// A LogoutRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLogout {
    /// `ID`.
    pub id: String,
    /// The entity id of the service provider.
    pub issuer: String,
    /// `Destination`.
    pub destination: Option<String>,
    /// The text of the NameID.
    pub name_id: String,
    /// The indexes of the sessions to end; all if there are none.
    pub session_indexes: Vec<String>,
}

impl ReceivedLogin {
    /// Reads an AuthnRequest.
    ///
    /// # Errors
    /// The reason why it is none, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let document = xml::parse(text).map_err(|error| error.to_string())?;
        let root = root(document.root_element(), "AuthnRequest")?;
        let is_true = |name| matches!(root.attribute(name), Some("true" | "1"));
        Ok(Self {
            id: id(root)?,
            issuer: issuer(root)?,
            acs: root.attribute("AssertionConsumerServiceURL").map(str::to_owned),
            asks_anew: is_true("ForceAuthn"),
            is_passive: is_true("IsPassive"),
        })
    }
}

impl ReceivedLogout {
    /// Reads a LogoutRequest.
    ///
    /// # Errors
    /// The reason why it is none, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let document = xml::parse(text).map_err(|error| error.to_string())?;
        let root = root(document.root_element(), "LogoutRequest")?;
        let indexes = root.children().filter(|node| node.has_tag_name((names::PROTOCOL, "SessionIndex")));
        Ok(Self {
            id: id(root)?,
            issuer: issuer(root)?,
            destination: root.attribute("Destination").map(str::to_owned),
            name_id: child(root, (names::ASSERTION, "NameID")).map(text_of).ok_or("it has no NameID")?,
            session_indexes: indexes.map(text_of).collect(),
        })
    }
}

/// Reads a LogoutResponse. Returns the second-level status, or else the first-level one.
///
/// # Errors
/// The reason why it is none, in words.
pub fn logout_status(text: &str) -> Result<String, String> {
    let document = xml::parse(text).map_err(|error| error.to_string())?;
    let root = root(document.root_element(), "LogoutResponse")?;
    let codes = root.descendants().filter(|node| node.has_tag_name((names::PROTOCOL, "StatusCode")));
    Ok(codes.filter_map(|code| code.attribute("Value")).next_back().ok_or("it has no status")?.to_owned())
}

fn root<'a, 'input>(root: Node<'a, 'input>, name: &str) -> Result<Node<'a, 'input>, String> {
    if root.has_tag_name((names::PROTOCOL, name)) { Ok(root) } else { Err(format!("the message is no {name}")) }
}

fn id(root: Node<'_, '_>) -> Result<String, String> {
    Ok(root.attribute("ID").ok_or("it has no ID")?.to_owned())
}

fn issuer(root: Node<'_, '_>) -> Result<String, String> {
    Ok(child(root, (names::ASSERTION, "Issuer")).map(text_of).ok_or("it has no Issuer")?)
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: (&str, &str)) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// The whole text of an element, without the white space around it.
fn text_of(element: Node<'_, '_>) -> String {
    let texts = element.descendants().filter(Node::is_text).filter_map(|node| node.text());
    texts.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let (protocol, assertion) = (names::PROTOCOL, names::ASSERTION);
        let request = format!(
            "<p:AuthnRequest xmlns:p='{protocol}' ID='_1' AssertionConsumerServiceURL='http://x/' IsPassive='1'>\
             <Issuer xmlns='{assertion}'> http://sp/ </Issuer></p:AuthnRequest>"
        );
        let read = ReceivedLogin::read(&request).unwrap();
        assert_eq!(
            (read.id.as_str(), read.issuer.as_str(), read.acs.as_deref()),
            ("_1", "http://sp/", Some("http://x/"))
        );
        assert!(read.is_passive && !read.asks_anew);
        assert_eq!(ReceivedLogout::read(&request).unwrap_err(), "the message is no LogoutRequest");
        assert!(ReceivedLogin::read("<a/>").is_err() && ReceivedLogin::read("<!DOCTYPE a><a/>").is_err());
    }
}
