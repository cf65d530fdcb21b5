//! The accounts of a tenant with a federated login: those of POEM 2.3 that have to be linked to their identities.

use sqlx::PgConnection;

use super::{Check, Findings};
use crate::domain::model::tenant::Tenant;
use crate::store::users::{self, IdentifierCounts};
use crate::store::{Result, saml_claims, tenant_tx};

/// Checks the accounts of a tenant. `is_federated`: it has the metadata of an identity provider.
pub(super) async fn check(findings: &mut Findings, conn: &mut PgConnection, tenant: &Tenant, is_federated: bool) {
    match counts(conn, tenant).await {
        Ok((counts, claimed)) => report(findings, tenant, (counts, claimed), is_federated),
        Err(error) => findings.wrong(Check::FederatedAccounts, format!("accounts of {}: {error}", tenant.name)),
    }
}

/// Counts the accounts, and those that federated logins ask for.
async fn counts(conn: &mut PgConnection, tenant: &Tenant) -> Result<(IdentifierCounts, usize)> {
    let mut tx = tenant_tx::begin_reading(conn, &tenant.schema).await?;
    let counts = users::count_identifiers(&mut tx).await?;
    let claimed = saml_claims::waiting(&mut tx).await?.into_iter().filter(|user| user.is_claimed).count();
    tx.commit().await?;
    Ok((counts, claimed))
}

fn report(findings: &mut Findings, tenant: &Tenant, (counts, claimed): (IdentifierCounts, usize), is_federated: bool) {
    let (name, schema) = (&tenant.name, &tenant.schema);
    if is_federated && counts.to_link > 0 {
        let message = format!(
            "{name}: {} without identifier and password will ask to be linked at their next login: \
             poem saml accounts -n {schema} lists them",
            accounts(counts.to_link)
        );
        findings.note(Check::FederatedAccounts, message);
    }
    if claimed > 0 {
        let claimed = accounts(i64::try_from(claimed).unwrap_or(i64::MAX));
        let message = format!("{name}: federated logins ask for {claimed}: link or refuse them in the list of users");
        findings.note(Check::FederatedAccounts, message);
    }
}

fn accounts(count: i64) -> String {
    format!("{count} account{}", if count == 1 { "" } else { "s" })
}
