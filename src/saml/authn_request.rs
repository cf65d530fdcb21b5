//! The AuthnRequest that begins a login.

use chrono::{DateTime, Utc};

use super::names::{ASSERTION, ENTITY, HTTP_POST, PROTOCOL};
use super::service_provider::ServiceProvider;
use super::{datetime, xml};

/// Returns the message. `destination`: the address of logins, as in the metadata of the identity provider.
pub fn document(sp: &ServiceProvider, id: &str, destination: &str, now: DateTime<Utc>) -> String {
    let policy = match sp.settings.name_id_format.as_str() {
        "" => String::new(),
        format => format!("<samlp:NameIDPolicy Format=\"{}\"/>", xml::escape(format)),
    };
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{issued}\" \
         Destination=\"{destination}\" AssertionConsumerServiceURL=\"{acs}\" ProtocolBinding=\"{HTTP_POST}\" \
         ProviderName=\"{name}\"><saml:Issuer xmlns:saml=\"{ASSERTION}\" Format=\"{ENTITY}\">{entity}</saml:Issuer>\
         {policy}</samlp:AuthnRequest>",
        id = xml::escape(id),
        issued = datetime::format(now),
        destination = xml::escape(destination),
        acs = xml::escape(&sp.acs()),
        name = xml::escape(&sp.name),
        entity = xml::escape(&sp.entity_id),
    )
}
