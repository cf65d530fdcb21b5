//! The ARGO WEB-API: the token of each tenant, and whether it may read there. Nothing is written.

use sqlx::PgConnection;

use super::{Check, Findings, feeds};
use crate::argo_webapi::calls::TenantCalls;
use crate::argo_webapi::client::WebApiClient;
use crate::config::{Config, WebApi, secret_key};
use crate::domain::model::aggregation_definition::AggregationDefinition;
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::api_token::MissingToken;
use crate::domain::security::keys::Keys;
use crate::domain::security::secret::Secret;
use crate::http_client::ca_certificates::CaCertificates;
use crate::registry::web_api_token;
use crate::store::{Result, tenant_tx};

/// Checks the token of a tenant, if the WEB-API is configured. An unusable secret key is reported elsewhere.
pub(super) async fn check(findings: &mut Findings, conn: &mut PgConnection, tenant: &Tenant, config: &Config) {
    let (Some(web_api), Ok(keys)) = (&config.webapi, secret_key::keys(&config.security)) else { return };
    match token(conn, tenant, &keys).await {
        Err(error) => findings.wrong(Check::WebApiToken, format!("{}: {error}", tenant.name)),
        Ok(Err(problem @ MissingToken::Unreadable)) => {
            findings.wrong(Check::WebApiToken, format!("{}: {problem}", tenant.name));
        }
        Ok(Err(problem)) => findings.note(Check::WebApiToken, format!("{}: {problem}", tenant.name)),
        Ok(Ok(token)) => {
            read(findings, tenant, (config, web_api), &token).await;
            feeds::check_aggregation_profiles(findings, conn, tenant).await;
        }
    }
}

async fn token(
    conn: &mut PgConnection,
    tenant: &Tenant,
    keys: &Keys,
) -> Result<std::result::Result<Secret, MissingToken>> {
    let mut tx = tenant_tx::begin_reading(conn, &tenant.schema).await?;
    let token = web_api_token::find(&mut tx, keys).await?;
    tx.commit().await?;
    Ok(token)
}

/// Reads both lists: the server, its certificate and the token are then right.
async fn read(findings: &mut Findings, tenant: &Tenant, (config, web_api): (&Config, &WebApi), token: &Secret) {
    let security = &config.security;
    let trust = CaCertificates { ca_file: security.ca_file.clone(), ca_path: security.ca_path.clone() };
    let client = WebApiClient::default();
    let calls = match TenantCalls::new(&client, &tenant.name, (web_api, &trust), token) {
        Ok(calls) => calls,
        Err(error) => return findings.wrong(Check::WebApiCalls, format!("ARGO WEB-API: {error}")),
    };
    let outcomes = [
        ("AggregationProfile", calls.list::<AggregationDefinition>().await.map(|list| list.len())),
        ("MetricProfile", calls.list::<MetricProfileDefinition>().await.map(|list| list.len())),
    ];
    for (key, outcome) in outcomes {
        let what = format!("[WEBAPI] {key} with the token of {}", tenant.name);
        findings.check(Check::WebApiCalls, &what, outcome);
    }
}
