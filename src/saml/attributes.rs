//! The attributes of an assertion, and the person that they describe.

use roxmltree::Node;

use super::attribute_names::names_of;
use super::names::ASSERTION;
use super::refusal::{Refusal, RefusalClass, quoted};
use super::xml;
use crate::config::saml::SamlSettings;
use crate::domain::form::checks::is_email;
use crate::domain::model::federated_identity::{FederatedIdentity, MAX_IDENTIFIER};

/// The longest of the other values that is kept, in characters.
const LONGEST_VALUE: usize = 1000;
/// The most names of attributes in the log.
const MOST_NAMES: usize = 30;
/// The namespace of `xsi:nil`.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The attributes of an assertion by name, with their values that are texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(String, Vec<String>)>);

impl Attributes {
    /// Reads all attributes. Structured, empty and missing values are left out.
    pub(super) fn of(assertion: Node<'_, '_>) -> Self {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        let statements = xml::children(assertion, ASSERTION, "AttributeStatement");
        for attribute in statements.flat_map(|statement| xml::children(statement, ASSERTION, "Attribute")) {
            let name = attribute.attribute("Name").unwrap_or_default().trim();
            let values = xml::children(attribute, ASSERTION, "AttributeValue").filter(|value| !is_nil(*value));
            let values = values.filter_map(xml::text).filter(|value| !value.is_empty());
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.extend(values),
                None => found.push((name.to_owned(), values.collect())),
            }
        }
        Self(found)
    }

    /// Returns all values of an attribute of the configuration, under any of its names.
    fn values(&self, configured: &str) -> Vec<&str> {
        let names = names_of(configured);
        let is_it = |(name, _): &&(String, Vec<String>)| names.iter().any(|known| known == name);
        self.0.iter().filter(is_it).flat_map(|(_, values)| values.iter().map(String::as_str)).collect()
    }

    /// Returns the first value of the first attribute that has one; '' if none has.
    fn first(&self, configured: &[String]) -> String {
        let value = configured.iter().find_map(|name| self.values(name).first().copied());
        let plain = |one: char| if one.is_control() { ' ' } else { one };
        value.unwrap_or_default().chars().map(plain).take(LONGEST_VALUE).collect()
    }

    /// Returns the person (step 19). `idp`: the entity id of the identity provider.
    ///
    /// # Errors
    /// `Attribute` if there is no identifier, or one that cannot be used.
    pub fn identity(&self, settings: &SamlSettings, idp: &str) -> Result<FederatedIdentity, Refusal> {
        let mut identifiers: Vec<String> = Vec::new();
        for attribute in &settings.identifier {
            let mut values = self.values(attribute);
            values.sort_unstable();
            values.dedup();
            match values[..] {
                [] => {}
                [value] => {
                    check_identifier(attribute, value)?;
                    if !identifiers.iter().any(|known| known == value) {
                        identifiers.push(value.to_owned());
                    }
                }
                _ => return Err(RefusalClass::Attribute.because(format!("several values of {attribute}"))),
            }
        }
        if identifiers.is_empty() {
            return Err(RefusalClass::Attribute.because(self.missing(settings)));
        }
        let mail = self.first(&settings.mail);
        Ok(FederatedIdentity {
            idp: idp.to_owned(),
            identifiers,
            display_name: self.first(&settings.display_name),
            given_name: self.first(&settings.given_name),
            surname: self.first(&settings.surname),
            mail: if is_email(&mail) && mail.chars().count() <= 254 { mail } else { String::new() },
            certificate_subject: with_commas(&self.first(&settings.certificate_subject)),
        })
    }

    /// Checks that the person has one of the entitlements (step 20), if any are configured.
    ///
    /// # Errors
    /// `Entitlement`.
    pub fn check_entitlements(&self, settings: &SamlSettings) -> Result<(), Refusal> {
        let asserted = self.values("eduPersonEntitlement");
        let is_entitled = settings.entitlements.iter().any(|wanted| asserted.contains(&wanted.as_str()));
        match settings.entitlements.is_empty() || is_entitled {
            true => Ok(()),
            false => Err(RefusalClass::Entitlement.because("none of the configured entitlements is asserted")),
        }
    }

    fn missing(&self, settings: &SamlSettings) -> String {
        let names: Vec<_> = self.0.iter().take(MOST_NAMES).map(|(name, _)| quoted(name)).collect();
        format!("no {}; asserted: {}", settings.identifier.join(", "), names.join(", "))
    }
}

fn is_nil(value: Node<'_, '_>) -> bool {
    value.attribute((SCHEMA_INSTANCE, "nil")).is_some_and(|nil| matches!(nil.trim(), "true" | "1"))
}

fn check_identifier(attribute: &str, value: &str) -> Result<(), Refusal> {
    if value.chars().any(char::is_control) {
        return Err(RefusalClass::Attribute.because(format!("{attribute} has a control character")));
    }
    match value.chars().count() {
        ..=MAX_IDENTIFIER => Ok(()),
        count => Err(RefusalClass::Attribute.because(format!("{attribute} has {count} characters"))),
    }
}

/// Returns a subject of the form `/C=…/CN=…` turned around, with commas, as POEM 2.3 kept it.
fn with_commas(subject: &str) -> String {
    match subject.strip_prefix('/') {
        Some(rest) => rest.split('/').rev().collect::<Vec<_>>().join(","),
        None => subject.to_owned(),
    }
}
