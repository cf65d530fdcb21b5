//! The federated login of each tenant: the metadata of the identity provider, our key, our address.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Check, Findings};
use crate::config::Config;
use crate::config::saml::SamlSettings;
use crate::domain::model::tenant::Tenant;
use crate::domain::web::absolute_url::AbsoluteUrl;
use crate::saml::federation::read_identity_provider;
use crate::saml::identity_provider::{EXPIRY_WARNING, IdentityProvider};
use crate::saml::self_test::check_xml_signatures;
use crate::saml::service_provider::ServiceProvider;

/// The time before a certificate expires that is worth a note.
const CERTIFICATE_NOTE: TimeDelta = TimeDelta::days(30);

/// Checks all tenants. Runs as the service user, who must be able to read the key.
pub(super) fn check(findings: &mut Findings, tenants: &[&Tenant], config: &Config) {
    let mut entity_ids: Vec<(String, &str)> = Vec::new();
    for tenant in tenants {
        let Some(sp) = check_tenant(findings, tenant, config) else { continue };
        match entity_ids.iter().find(|(known, _)| *known == sp.entity_id) {
            Some((_, other)) => findings.wrong(
                Check::SamlEntityId,
                format!(
                    "{other} and {} have the same entity id {}: set EntityId or BaseUrl",
                    tenant.name, sp.entity_id
                ),
            ),
            None => entity_ids.push((sp.entity_id, &tenant.name)),
        }
    }
    if !entity_ids.is_empty() {
        findings.check(Check::XmlSignatures, "signatures of identity providers are checked", check_xml_signatures());
    }
}

/// Checks one tenant. Returns this POEM as its service provider; `None` if there is no federated login.
fn check_tenant(findings: &mut Findings, tenant: &Tenant, config: &Config) -> Option<ServiceProvider> {
    let name = &tenant.name;
    let settings = match config.saml(tenant) {
        Ok(settings) => settings,
        Err(error) => {
            findings.wrong(Check::FederatedLogin, format!("federated login of {name}: {error}"));
            return None;
        }
    };
    let idp = match read_identity_provider(&settings, Utc::now()) {
        Ok(Some(idp)) => {
            findings.ok(format!("federated login of {name} by {}", idp.entity_id));
            Some(idp)
        }
        Ok(None) => {
            let message = format!("no federated login of {name}: there is no {}", settings.metadata.display());
            findings.note(Check::FederatedLogin, message);
            return None;
        }
        Err(error) => {
            findings.wrong(Check::FederatedLogin, format!("federated login of {name}: {error}"));
            None
        }
    };
    let sp = match ServiceProvider::load(config, tenant) {
        Ok(sp) => sp,
        Err(error) => {
            findings.wrong(Check::SamlKey, format!("federated login of {name}: {error}"));
            return None;
        }
    };
    if let Some(idp) = &idp {
        check_identity_provider(findings, name, &settings, idp);
    }
    check_key(findings, name, &sp, idp.as_ref());
    check_base(findings, tenant, &sp, config);
    check_names(findings, tenant, config, &settings);
    Some(sp)
}

fn check_identity_provider(findings: &mut Findings, name: &str, settings: &SamlSettings, idp: &IdentityProvider) {
    let now = Utc::now();
    let file = settings.metadata.display();
    for (index, certificate) in idp.certificates.iter().enumerate() {
        if let Some(words) = certificate.not_after.and_then(|end| expiry(end, now, CERTIFICATE_NOTE)) {
            let which = format!("certificate {} of the identity provider", index + 1);
            // Its signatures count nevertheless, but the identity provider will probably replace it.
            findings.note(Check::IdpCertificates, format!("{name}: {which} {words} ({file})"));
        }
    }
    for reason in &idp.left_out {
        findings.note(Check::IdpCertificates, format!("{name}: left out: {reason} ({file})"));
    }
    if let Some(words) = idp.valid_until.and_then(|end| expiry(end, now, EXPIRY_WARNING)) {
        findings.note(Check::IdpExpiry, format!("{name}: {file} {words}: run poem saml fetch"));
    }
}

/// Returns the words if a time has passed or is near.
fn expiry(end: DateTime<Utc>, now: DateTime<Utc>, near: TimeDelta) -> Option<String> {
    let date = end.format("%Y-%m-%d");
    match end - now {
        left if left <= TimeDelta::zero() => Some(format!("expired on {date}")),
        left if left <= near => Some(format!("expires on {date}")),
        _ => None,
    }
}

fn check_key(findings: &mut Findings, name: &str, sp: &ServiceProvider, idp: Option<&IdentityProvider>) {
    match (&sp.key, &sp.no_key) {
        (Some(key), _) => {
            let certificate = &key.certificate;
            let words = certificate.not_after.and_then(|end| expiry(end, Utc::now(), CERTIFICATE_NOTE));
            match words {
                Some(words) => findings.note(Check::SamlKey, format!("{name}: the certificate to sign with {words}")),
                None => findings.ok(format!("{name}: key to sign with, {}", certificate.key_type)),
            }
        }
        (None, cause) => {
            let cause = cause.as_deref().unwrap_or_default();
            let message = format!("{name}: requests and logouts are not signed, and single logout is off: {cause}");
            findings.note(Check::SamlKey, message);
        }
    }
    if let Some(idp) = idp.filter(|idp| idp.wants_signed_requests && !sp.signs_requests(idp)) {
        let remedy = match &sp.key {
            Some(_) => "remove SignRequests = False",
            None => "make a key with poem saml key",
        };
        let message = format!("{name}: {} wants signed requests: {remedy}", idp.entity_id);
        findings.wrong(Check::SignedRequests, message);
    }
}

fn check_base(findings: &mut Findings, tenant: &Tenant, sp: &ServiceProvider, config: &Config) {
    let (name, base) = (&tenant.name, &sp.base);
    let Some(url) = AbsoluteUrl::parse(base) else {
        return findings.wrong(Check::SamlBaseUrl, format!("{name}: BaseUrl {base} is not an address"));
    };
    if !url.is_https {
        findings.wrong(
            Check::SamlBaseUrl,
            format!("{name}: BaseUrl {base} is not https: that is only for trying POEM on one machine"),
        );
    }
    let domain = tenant.domain_url.as_deref().unwrap_or_default();
    if url.host.tenant_name() != domain {
        findings
            .wrong(Check::SamlBaseUrl, format!("{name}: BaseUrl {base} does not lead to the tenant's host {domain}"));
    } else if !config.security.allowed_hosts.allows(&url.host) {
        findings.wrong(Check::SamlBaseUrl, format!("{name}: AllowedHosts does not allow the host of BaseUrl {base}"));
    }
}

fn check_names(findings: &mut Findings, tenant: &Tenant, config: &Config, settings: &SamlSettings) {
    let name = &tenant.name;
    if config.general_of(name).saml_service_name.is_empty() {
        let message =
            format!("[GENERAL_{}] SamlServiceName is empty: {name} is called POEM {name}", name.to_uppercase());
        findings.note(Check::SamlServiceName, message);
    }
    for (key, contact) in
        [("SupportContact", &settings.support_contact), ("TechnicalContact", &settings.technical_contact)]
    {
        if contact.is_empty() {
            findings
                .note(Check::SamlContacts, format!("{name}: [SAML] {key} is not set: the metadata lack this contact"));
        }
    }
}
