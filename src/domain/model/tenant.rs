//! Tenants: organisations with their own data, users and host name.

use std::fmt;

use crate::domain::web::host::Host;

/// The name of the public tenant: it represents the schema public, has no data and serves no host.
pub const PUBLIC_TENANT: &str = "all";

/// The maximum length of a name, in characters.
const NAME_LIMIT: usize = 100;
/// The maximum length of a host, in bytes.
const HOST_LIMIT: usize = 128;
/// The maximum length of a PostgreSQL identifier, in bytes. Longer ones would be truncated.
const SCHEMA_LIMIT: usize = 63;

/// The name of a tenant's schema, safe between double quotes in SQL.
///
/// It matches `[_a-z][_a-z0-9]{0,62}` and is not `pg_…`, `public` or `information_schema`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaName(String);

/// A tenant as the public schema lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The name as given: `EGI`. Sections of poem.conf have it in upper case.
    pub name: String,
    /// The schema with its data.
    pub schema: SchemaName,
    /// The host name, without `www.` and port; `None` if no host leads to the tenant.
    pub domain_url: Option<String>,
}

/// The reason for refusing the name, host or schema of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    /// The lower-cased name cannot be the name of a schema.
    #[error(
        "\"{0}\" is not the name of a schema: use at most 63 lower-case letters, digits and _, with no digit first"
    )]
    Schema(String),
    /// PostgreSQL or POEM reserves the name.
    #[error("\"{0}\" is reserved")]
    Reserved(String),
    /// The name is empty or too long.
    #[error("a tenant's name needs 1 to 100 characters")]
    NameLength,
    /// The host is malformed, too long, or has a port.
    #[error("\"{0}\" is not a host name (letters, digits, . and -, at most 128 characters, without port)")]
    Host(String),
}

impl SchemaName {
    /// Parses the name of a schema.
    ///
    /// # Errors
    /// [`TenantError::Schema`] for other characters or lengths, [`TenantError::Reserved`] for reserved names.
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

    /// Returns the name without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the name and host of a new tenant. The schema is the name in lower case.
///
/// # Errors
/// A [`TenantError`] for the first of name, schema and host that is refused.
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
    fn invalid_names_and_hosts_are_refused() {
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
