//! The metadata of the demo identity provider.

use super::error::DemoIdpError;
use super::markup::escape;
use super::signer::Signer;
use crate::saml::names;

/// The addresses of an identity provider.
#[derive(Debug, Clone, Copy)]
pub struct IdpAddresses<'a> {
    /// The entity id.
    pub entity_id: &'a str,
    /// The address of logins, by HTTP-Redirect.
    pub login: &'a str,
    /// The address of the single logout, by HTTP-Redirect.
    pub logout: &'a str,
}

/// Writes the metadata.
///
/// # Errors
/// `Key`.
pub fn write(addresses: IdpAddresses<'_>, name: &str, signer: &Signer) -> Result<String, DemoIdpError> {
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"{metadata}\" xmlns:mdui=\"{ui}\" xmlns:ds=\"{signature}\" entityID=\"{id}\">\n\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"{protocol}\">\n\
         <md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang=\"en\">{name}</mdui:DisplayName></mdui:UIInfo>\
         </md:Extensions>\n\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n\
         <md:SingleLogoutService Binding=\"{redirect}\" Location=\"{logout}\"/>\n\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>\n\
         <md:SingleSignOnService Binding=\"{redirect}\" Location=\"{login}\"/>\n\
         </md:IDPSSODescriptor>\n</md:EntityDescriptor>\n",
        metadata = names::METADATA,
        ui = names::METADATA_UI,
        signature = names::SIGNATURE,
        id = escape(addresses.entity_id),
        protocol = names::PROTOCOL,
        name = escape(name),
        certificate = signer.certificate_base64()?,
        redirect = names::HTTP_REDIRECT,
        logout = escape(addresses.logout),
        login = escape(addresses.login),
    ))
}
