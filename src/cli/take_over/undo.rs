//! Undoes the take-over of a tenant: POEM 2.3 gets its schema back, exactly as it was.

use sqlx::Connection;

use super::survey::{aside_of, check_database};
use crate::cli::context::Context;
use crate::cli::prompt::confirm;
use crate::cli::{CommandResult, Failure, loss};
use crate::domain::model::tenant::{SchemaName, Tenant};
use crate::output;
use crate::registry::take_over;
use crate::store::django_tables::{self, SchemaOrigin};
use crate::store::tenants;

/// Deletes the tenant, after a question unless `yes` is set, and renames the schema of POEM 2.3 back.
pub(super) async fn undo(context: &Context, schema: &str, yes: bool) -> CommandResult {
    let schema = SchemaName::parse(schema)?;
    let aside = aside_of(&schema)?;
    let mut conn = context.connection().await?;
    check_database(&mut conn).await?;
    let old = django_tables::origin(&mut conn, aside.as_str()).await?;
    let current = django_tables::origin(&mut conn, schema.as_str()).await?;
    let ours = match tenants::are_listed(&mut conn).await? {
        true => tenants::list(&mut conn).await?.into_iter().map(|state| state.tenant).collect(),
        false => Vec::new(),
    };
    let tenant = ours.iter().find(|tenant| tenant.schema == schema);
    check(&schema, &aside, (old, current), tenant)?;
    if let Some(tenant) = tenant
        && !confirm_loss(context, tenant, &aside, yes).await?
    {
        return Err(Failure::new("nothing was changed"));
    }
    take_over::undo(&mut conn, &schema, &aside).await?;
    conn.close().await?;
    output::line(format!("The schema {schema} holds the tables of POEM 2.3 again, and is no tenant of this POEM"));
    log::info!("{schema}: the take-over was undone");
    Ok(())
}

/// Checks that there is a take-over to undo.
fn check(
    schema: &SchemaName,
    aside: &SchemaName,
    (old, current): (Option<SchemaOrigin>, Option<SchemaOrigin>),
    tenant: Option<&Tenant>,
) -> CommandResult {
    let problem = match (old, current) {
        (_, Some(current)) if current.is_django => {
            format!("the schema {schema} has the tables of POEM 2.3: nothing to undo")
        }
        (Some(old), _) if old.is_django && !old.is_owned => format!("the schema {aside} belongs to another role"),
        (Some(old), Some(_)) if old.is_django && tenant.is_none() => {
            format!("the schema {schema} belongs to no tenant of this POEM: rename or drop it first")
        }
        (Some(old), _) if old.is_django => return Ok(()),
        _ => format!("there is no schema {aside} with tables of POEM 2.3"),
    };
    Err(Failure::new(format!("{problem}; nothing was changed")))
}

/// Says what is lost, and asks unless `yes` is set.
async fn confirm_loss(context: &Context, tenant: &Tenant, aside: &SchemaName, yes: bool) -> Result<bool, Failure> {
    // The take-over of a tenant whose data cannot be read can be undone as well.
    let data = loss::of_tenant(context, tenant).await.map(|data| format!(" ({data})")).unwrap_or_default();
    let question = format!(
        "Undoing the take-over of {} permanently deletes all its data in this POEM{data}, and what was changed since is \
         not in {aside}.",
        tenant.name
    );
    if yes {
        output::line(&question);
        return Ok(true);
    }
    confirm(&format!("{question} Undo it?"), tenant.schema.as_str())
}
