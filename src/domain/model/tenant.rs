//! A tenant: an organisation with its own data, users and host name.

use std::fmt;

use crate::domain::web::host::Host;

/// The name of the public tenant: it stands for the schema public, owns nothing and serves no host.
pub const PUBLIC_TENANT: &str = "all";

/// The longest name and host, in characters.
const NAME_LIMIT: usize = 100;
const HOST_LIMIT: usize = 128;
/// The longest identifier that PostgreSQL keeps whole, in bytes.
const SCHEMA_LIMIT: usize = 63;

/// The name of a tenant's schema, safe to stand between double quotes in SQL: `[_a-z][_a-z0-9]{0,62}`,
/// not `pg_…` and not `public`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaName(String);

/// A tenant as the public schema lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// As it was given: `EGI`. Sections of poem.conf bear it in upper case.
    pub name: String,
    pub schema: SchemaName,
    /// `None`: no host leads to it.
    pub domain_url: Option<String>,
}

/// Why a name, host or schema is not taken, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    #[error(
        "\"{0}\" is not the name of a schema: take lower-case letters, digits and _, not a digit first, at most 63"
    )]
    Schema(String),
    #[error("\"{0}\" is reserved")]
    Reserved(String),
    #[error("a tenant's name needs 1 to 100 characters")]
    NameLength,
    #[error("\"{0}\" is not a host name (letters, digits, . and -, at most 128 characters, without port)")]
    Host(String),
}

impl SchemaName {
    pub fn parse(name: &str) -> Result<Self, TenantError> {
        let mut bytes = name.bytes();
        let first = bytes.next().is_some_and(|b| b == b'_' || b.is_ascii_lowercase());
        let rest = bytes.all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit());
        if !first || !rest || name.len() > SCHEMA_LIMIT {
            return Err(TenantError::Schema(name.to_owned()));
        }
        if name == "public" || name == "information_schema" || name.starts_with("pg_") {
            return Err(TenantError::Reserved(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a new tenant is made from: a name whose lower case names its schema, and the host that leads to it.
pub fn new_tenant(name: &str, host: &str) -> Result<Tenant, TenantError> {
    if name.is_empty() || name.chars().count() > NAME_LIMIT {
        return Err(TenantError::NameLength);
    }
    let schema = SchemaName::parse(&name.to_lowercase())?;
    if schema.as_str() == PUBLIC_TENANT {
        return Err(TenantError::Reserved(name.to_owned()));
    }
    let parsed = Host::parse(host).map_err(|_| TenantError::Host(host.to_owned()))?;
    if !host.eq_ignore_ascii_case(parsed.as_str()) || host.len() > HOST_LIMIT {
        return Err(TenantError::Host(host.to_owned()));
    }
    Ok(Tenant { name: name.to_owned(), schema, domain_url: Some(parsed.tenant_name().to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_schema_is_the_lower_cased_name() {
        let tenant = new_tenant("EGI", "WWW.poem.egi.eu").unwrap();
        assert_eq!((tenant.schema.as_str(), tenant.domain_url.as_deref()), ("egi", Some("poem.egi.eu")));
    }

    #[test]
    fn what_is_not_a_tenant() {
        assert_eq!(new_tenant("", "h"), Err(TenantError::NameLength));
        assert_eq!(new_tenant("All", "h"), Err(TenantError::Reserved("All".into())));
        assert_eq!(new_tenant("Public", "h"), Err(TenantError::Reserved("public".into())));
        assert_eq!(new_tenant("pg_x", "h"), Err(TenantError::Reserved("pg_x".into())));
        assert_eq!(new_tenant("a-b", "h"), Err(TenantError::Schema("a-b".into())));
        assert_eq!(new_tenant("a", "h:80"), Err(TenantError::Host("h:80".into())));
        assert_eq!(new_tenant("a", "h_x"), Err(TenantError::Host("h_x".into())));
        assert!(SchemaName::parse(&"a".repeat(64)).is_err());
    }

    proptest! {
        #[test]
        fn a_schema_name_needs_no_escaping(name in ".{0,70}") {
            if let Ok(schema) = SchemaName::parse(&name) {
                prop_assert!(schema.as_str().bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()));
            }
        }
    }
}
