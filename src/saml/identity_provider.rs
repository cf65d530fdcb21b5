//! The identity provider of a tenant, as its metadata describe it.

use chrono::{DateTime, TimeDelta, Utc};
use roxmltree::Node;

use super::certificate::Certificate;
use super::names::{HTTP_REDIRECT, METADATA, METADATA_UI, PROTOCOL, SIGNATURE};
use super::{base64, datetime};
use crate::domain::web::absolute_url::AbsoluteUrl;
use crate::domain::web::xml::{self, XmlError, children, text_of};

/// The largest file of metadata, in bytes.
pub const MAX_METADATA: usize = 20 * 1024 * 1024;

/// The namespace of the attribute `xml:lang`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The time before the end of the metadata from which on the log and doctor warn.
pub const EXPIRY_WARNING: TimeDelta = TimeDelta::days(14);

/// An identity provider that can be used: it has a certificate and an address for logins.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// Its entity id.
    pub entity_id: String,
    /// Its name for people.
    pub name: String,
    /// The certificates that its messages may be signed with; never empty.
    pub certificates: Vec<Certificate>,
    /// The certificates that were left out, each with the reason in words.
    pub left_out: Vec<String>,
    /// The address of logins, by HTTP-Redirect; it may have a query.
    pub login: String,
    /// The addresses of the single logout, by HTTP-Redirect; `None`: only local logout.
    pub logout: Option<LogoutAddresses>,
    /// It wants requests to be signed.
    pub wants_signed_requests: bool,
    /// The end of the validity of its metadata; `None` if they do not say.
    pub valid_until: Option<DateTime<Utc>>,
}

/// The addresses of an identity provider for the single logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutAddresses {
    /// For a LogoutRequest.
    pub request: String,
    /// For a LogoutResponse.
    pub response: String,
}

/// The reason why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The file is too large.
    #[error("it is larger than {} MiB", MAX_METADATA / 1024 / 1024)]
    TooLarge,
    /// The text is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotUtf8,
    /// The text is not read as XML.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// The root is another element; holds its name.
    #[error("it is not SAML metadata: its first element is {0}, not EntityDescriptor or EntitiesDescriptor")]
    OtherRoot(String),
    /// There is no identity provider in the file.
    #[error("it has no identity provider for SAML 2.0 (no IDPSSODescriptor)")]
    NoIdentityProvider,
    /// There are several identity providers, and none was named; holds their number and some of their entity ids.
    #[error("it has {0} identity providers; set IdpEntityId to one of them: {1}")]
    Several(usize, String),
    /// The named identity provider is not in the file.
    #[error("it has no identity provider with the entity id {0}, which IdpEntityId names")]
    NotFound(String),
    /// Two entities have the same entity id.
    #[error("it has the identity provider {0} more than once")]
    Twice(String),
    /// The entity has no entity id.
    #[error("its identity provider has no entityID")]
    NoEntityId,
    /// A `validUntil` is not a time.
    #[error("its validUntil is not a time")]
    NotATime,
    /// The metadata have expired.
    #[error("it expired on {}: fetch new metadata", .0.format("%Y-%m-%d %H:%M UTC"))]
    Expired(DateTime<Utc>),
    /// No certificate can be used; holds the reasons.
    #[error("it has no signing certificate that can be used{}", reasons(.0))]
    NoCertificate(Vec<String>),
    /// There is no address for logins.
    #[error("it has no SingleSignOnService with the binding HTTP-Redirect and an https address")]
    NoLogin,
}

fn reasons(left_out: &[String]) -> String {
    if left_out.is_empty() { String::new() } else { format!(": {}", left_out.join("; ")) }
}

/// An entity with a role of an identity provider.
struct Entity<'a, 'i> {
    node: Node<'a, 'i>,
    roles: Vec<Node<'a, 'i>>,
}

impl IdentityProvider {
    /// Reads metadata. `wanted`: the entity id of the identity provider, '' for the only one of the file.
    ///
    /// # Errors
    /// See [`MetadataError`].
    pub fn parse(metadata: &[u8], wanted: &str, now: DateTime<Utc>) -> Result<Self, MetadataError> {
        if metadata.len() > MAX_METADATA {
            return Err(MetadataError::TooLarge);
        }
        let text = metadata.strip_prefix(BYTE_ORDER_MARK).unwrap_or(metadata);
        let document = xml::parse(std::str::from_utf8(text).map_err(|_| MetadataError::NotUtf8)?)?;
        let entity = select(entities(document.root_element())?, wanted)?;
        let valid_until = valid_until(&entity)?;
        if let Some(end) = valid_until.filter(|end| *end <= now) {
            return Err(MetadataError::Expired(end));
        }
        let entity_id = entity_id(entity.node);
        if entity_id.is_empty() {
            return Err(MetadataError::NoEntityId);
        }
        let (certificates, left_out) = certificates(&entity.roles);
        if certificates.is_empty() {
            return Err(MetadataError::NoCertificate(left_out));
        }
        let login = endpoint(&entity.roles, "SingleSignOnService").ok_or(MetadataError::NoLogin)?;
        Ok(Self {
            name: name(&entity).unwrap_or_else(|| host_of(&entity_id)),
            entity_id,
            certificates,
            left_out,
            login: login.request,
            logout: endpoint(&entity.roles, "SingleLogoutService"),
            wants_signed_requests: entity.roles.iter().any(|role| is_true(role.attribute("WantAuthnRequestsSigned"))),
            valid_until,
        })
    }

    /// Returns true if the metadata are valid at this time.
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.valid_until.is_none_or(|end| now < end)
    }
}

/// Returns the identity providers of a document: of the entity that it is, or of all in it.
fn entities<'a, 'i>(root: Node<'a, 'i>) -> Result<Vec<Entity<'a, 'i>>, MetadataError> {
    if !is_group(root) && !root.has_tag_name((METADATA, "EntityDescriptor")) {
        return Err(MetadataError::OtherRoot(root.tag_name().name().to_owned()));
    }
    let mut left = vec![root];
    let mut found = Vec::new();
    while let Some(node) = left.pop() {
        if is_group(node) {
            left.extend(node.children());
        } else if node.has_tag_name((METADATA, "EntityDescriptor")) {
            let roles: Vec<_> = children(node, (METADATA, "IDPSSODescriptor")).filter(speaks_saml2).collect();
            if !roles.is_empty() {
                found.push(Entity { node, roles });
            }
        }
    }
    Ok(found)
}

fn is_group(node: Node<'_, '_>) -> bool {
    node.has_tag_name((METADATA, "EntitiesDescriptor"))
}

fn speaks_saml2(role: &Node<'_, '_>) -> bool {
    let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
    protocols.split_whitespace().any(|protocol| protocol == PROTOCOL)
}

fn entity_id(entity: Node<'_, '_>) -> String {
    entity.attribute("entityID").unwrap_or_default().trim().to_owned()
}

fn select<'a, 'i>(found: Vec<Entity<'a, 'i>>, wanted: &str) -> Result<Entity<'a, 'i>, MetadataError> {
    let all = found.len();
    let mut fitting: Vec<_> =
        found.into_iter().filter(|entity| wanted.is_empty() || entity_id(entity.node) == wanted).collect();
    let first = match (fitting.pop(), wanted) {
        (Some(first), _) => first,
        (None, "") => return Err(MetadataError::NoIdentityProvider),
        (None, _) if all == 0 => return Err(MetadataError::NoIdentityProvider),
        (None, wanted) => return Err(MetadataError::NotFound(wanted.to_owned())),
    };
    match (fitting.len(), wanted) {
        (0, _) => Ok(first),
        (_, "") => {
            let some: Vec<_> = fitting.iter().take(5).map(|entity| entity_id(entity.node)).collect();
            Err(MetadataError::Several(all, some.join(", ")))
        }
        (_, wanted) => Err(MetadataError::Twice(wanted.to_owned())),
    }
}

/// Returns the earliest `validUntil` of the entity, its roles, and the groups around it.
fn valid_until(entity: &Entity<'_, '_>) -> Result<Option<DateTime<Utc>>, MetadataError> {
    let nodes = entity.node.ancestors().chain(entity.roles.iter().copied());
    let times = nodes.filter_map(|node| node.attribute("validUntil"));
    times.map(|text| datetime::parse(text).ok_or(MetadataError::NotATime)).try_fold(
        None,
        |earliest: Option<DateTime<Utc>>, next| {
            let next = next?;
            Ok(Some(earliest.map_or(next, |earliest| earliest.min(next))))
        },
    )
}

/// Returns the certificates for signatures without duplicates, and why others were left out.
fn certificates(roles: &[Node<'_, '_>]) -> (Vec<Certificate>, Vec<String>) {
    let keys = roles.iter().flat_map(|role| children(*role, (METADATA, "KeyDescriptor")));
    // A key without `use` is for everything.
    let signing = keys.filter(|key| key.attribute("use").is_none_or(|purpose| purpose == "signing"));
    let texts = signing
        .flat_map(|key| key.descendants().filter(|node| node.has_tag_name((SIGNATURE, "X509Certificate"))))
        .map(text_of);
    let (mut certificates, mut left_out) = (Vec::<Certificate>::new(), Vec::new());
    for (index, text) in texts.enumerate() {
        match certificate(&text) {
            Ok(found) if certificates.iter().any(|known| known.fingerprint == found.fingerprint) => {}
            Ok(found) => certificates.push(found),
            Err(reason) => left_out.push(format!("certificate {}: {reason}", index + 1)),
        }
    }
    (certificates, left_out)
}

fn certificate(text: &str) -> Result<Certificate, String> {
    let base64: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let der = base64::decode(&base64).ok_or("it is not base64")?;
    Certificate::from_der(&der)
}

/// Returns the addresses of the first usable endpoint with the binding HTTP-Redirect.
fn endpoint(roles: &[Node<'_, '_>], name: &'static str) -> Option<LogoutAddresses> {
    let endpoints = roles.iter().flat_map(|role| children(*role, (METADATA, name)));
    let redirects = endpoints.filter(|endpoint| endpoint.attribute("Binding").map(str::trim) == Some(HTTP_REDIRECT));
    redirects.into_iter().find_map(|endpoint| {
        let request = address(endpoint.attribute("Location"))?;
        let response = match endpoint.attribute("ResponseLocation") {
            Some(text) => address(Some(text))?,
            None => request.clone(),
        };
        Some(LogoutAddresses { request, response })
    })
}

/// Returns an address to send a browser to, without its fragment; `None` if it is not safe.
fn address(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    let without_fragment = text.split('#').next().unwrap_or_default();
    AbsoluteUrl::parse(text).filter(AbsoluteUrl::is_safe).map(|_| without_fragment.to_owned())
}

fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| matches!(value.trim(), "true" | "1"))
}

/// Returns the name for people, in English or else in the first language.
fn name(entity: &Entity<'_, '_>) -> Option<String> {
    let in_role = entity.roles.iter().flat_map(|role| children(*role, (METADATA, "Extensions")));
    let in_role: Vec<_> = in_role
        .flat_map(|extensions| children(extensions, (METADATA_UI, "UIInfo")))
        .flat_map(|info| children(info, (METADATA_UI, "DisplayName")))
        .collect();
    let holders = entity.roles.iter().copied().chain([entity.node]);
    let of_organization: Vec<_> = holders
        .flat_map(|holder| children(holder, (METADATA, "Organization")))
        .flat_map(|organization| children(organization, (METADATA, "OrganizationDisplayName")))
        .collect();
    in_english(&in_role).or_else(|| in_english(&of_organization))
}

fn in_english(names: &[Node<'_, '_>]) -> Option<String> {
    let is_english = |node: &&Node<'_, '_>| {
        node.attribute((XML, "lang"))
            .is_some_and(|lang| lang.split('-').next().is_some_and(|lang| lang.eq_ignore_ascii_case("en")))
    };
    let in_order = names.iter().filter(is_english).chain(names.iter());
    let one_line = |node: &Node<'_, '_>| text_of(*node).split_whitespace().collect::<Vec<_>>().join(" ");
    in_order.map(one_line).find(|name| !name.is_empty())
}

/// Returns the host of an entity id; the entity id itself if it is not an address.
fn host_of(entity_id: &str) -> String {
    AbsoluteUrl::parse(entity_id).map_or_else(|| entity_id.to_owned(), |url| url.host.as_str().to_owned())
}

#[cfg(test)]
mod tests;
