//! The tenants: their schemas, and their sections of poem.conf.

use sqlx::PgConnection;

use super::schema::{check_migrations, check_tables};
use super::{Check, Findings, accounts, federation, feeds, web_api};
use crate::config::Config;
use crate::domain::model::tenant::Tenant;
use crate::domain::web::host::Host;
use crate::store::migrate::Schema;
use crate::store::tenants;

/// The placeholder for passwords in the poem.conf that is shipped.
const PLACEHOLDER: &str = "CHANGE_ME";

pub(super) async fn check(findings: &mut Findings, conn: &mut PgConnection, config: &Config) {
    let Some(states) = findings.check(Check::Tenants, "list of tenants", tenants::list(conn).await) else { return };
    if states.is_empty() {
        findings.note(Check::Tenants, "there is no tenant yet: create one with poem-tenant -t NAME -d HOSTNAME");
    }
    for state in &states {
        let schema = Schema::Tenant(state.tenant.schema.clone());
        if check_migrations(findings, conn, &schema).await {
            check_tables(findings, conn, &schema).await;
            let is_federated = config.saml(&state.tenant).is_ok_and(|settings| settings.metadata.exists());
            accounts::check(findings, conn, &state.tenant, is_federated).await;
            web_api::check(findings, conn, &state.tenant, config).await;
        }
        feeds::check(findings, conn, &state.tenant, config).await;
        check_sections(findings, &state.tenant, config);
    }
    let tenants: Vec<_> = states.iter().map(|state| &state.tenant).collect();
    federation::check(findings, &tenants, config);
    let known: Vec<_> = states.iter().map(|state| state.tenant.name.to_uppercase()).collect();
    for problem in config.branding_problems() {
        findings.wrong(Check::TenantSections, problem.to_string());
    }
    for section in config.tenant_sections() {
        let tenant = section.split_once('_').map_or("", |(_, tenant)| tenant);
        if !known.iter().any(|name| name == tenant) {
            findings.note(Check::TenantSections, format!("[{section}]: there is no tenant {tenant}"));
        }
    }
}

fn check_sections(findings: &mut Findings, tenant: &Tenant, config: &Config) {
    let upper = tenant.name.to_uppercase();
    match config.tenant_general(&tenant.name) {
        Ok(Some(_)) => {}
        Ok(None) => {
            let message = format!("[GENERAL_{upper}] is missing: profiles of {} have no namespace", tenant.name);
            findings.wrong(Check::TenantSections, message);
        }
        Err(error) => findings.wrong(Check::TenantSections, error.to_string()),
    }
    for (section, outcome) in
        [("SUPERUSER", config.superuser(&tenant.name).err()), ("SYNC", config.sync(&tenant.name).err())]
    {
        if let Some(error) = outcome {
            findings.note(Check::TenantSections, format!("[{section}_{upper}] cannot be used: {error}"));
        }
    }
    if config.superuser(&tenant.name).is_ok_and(|superuser| superuser.password.expose() == PLACEHOLDER) {
        findings.note(Check::Placeholder, format!("[SUPERUSER_{upper}] Password is still {PLACEHOLDER}"));
    }
    let host = tenant.domain_url.as_deref().unwrap_or_default();
    if !Host::parse(host).is_ok_and(|host| config.security.allowed_hosts.allows(&host)) {
        let message = format!("[SECURITY] AllowedHosts does not allow {host}, the host of {}", tenant.name);
        findings.wrong(Check::AllowedHosts, message);
    }
}
