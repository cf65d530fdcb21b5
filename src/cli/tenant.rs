//! `poem-tenant`: creates, lists and deletes tenants.

use sqlx::Connection;

use super::context::{CommonArgs, Context, block_on};
use super::db::print_progress;
use super::prompt::confirm;
use super::{CommandResult, Failure, loss};
use crate::domain::model::tenant::{Tenant, new_tenant};
use crate::output;
use crate::registry::tenants as registry;
use crate::store::tenants;

const PROGRAM: &str = "poem-tenant";

/// Create, list or delete tenants
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
#[command(group = clap::ArgGroup::new("action").args(["name", "list", "delete"]).required(true))]
pub struct Args {
    /// The name of the new tenant; its schema has this name in lower case
    #[arg(short = 't', long, value_name = "NAME", requires = "host")]
    name: Option<String>,
    /// The host name at which the new tenant is served
    #[arg(short = 'd', long = "host", value_name = "HOSTNAME", requires = "name", conflicts_with_all = ["list", "delete"])]
    host: Option<String>,
    /// List the tenants
    #[arg(long)]
    list: bool,
    /// Delete the tenant with this schema and all its data
    #[arg(long, value_name = "SCHEMA")]
    delete: Option<String>,
    /// Delete without asking
    #[arg(long, requires = "delete", conflicts_with_all = ["list", "name"])]
    yes: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Creates, deletes or lists, depending on the options.
pub fn run(args: Args) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        match (args.name, args.host, args.delete) {
            (Some(name), Some(host), _) => create(&context, &name, &host).await,
            (_, _, Some(schema)) => delete(&context, &schema, args.yes).await,
            _ => list(&context).await,
        }
    })
}

async fn create(context: &Context, name: &str, host: &str) -> CommandResult {
    let tenant = new_tenant(name, host).map_err(|error| Failure::Usage(error.to_string()))?;
    let schema = tenant.schema.as_str();
    output::line(format!("[standard:{schema}] === Running migrate for schema {schema}"));
    let mut conn = context.connection().await?;
    let rows = registry::create(&mut conn, &tenant, &mut |progress| print_progress(schema, progress)).await?;
    conn.close().await?;
    output::line(format!("Installed {rows} object(s) from 1 fixture(s)"));
    log::info!("{name}: tenant created, served at {host}");
    Ok(())
}

async fn list(context: &Context) -> CommandResult {
    let mut conn = context.connection().await?;
    let states = tenants::list(&mut conn).await?;
    conn.close().await?;
    for state in states {
        let Tenant { name, schema, domain_url } = state.tenant;
        output::line(format!("{name}  schema {schema}  host {}", domain_url.as_deref().unwrap_or("-")));
    }
    Ok(())
}

async fn delete(context: &Context, schema: &str, yes: bool) -> CommandResult {
    let tenant = context.tenant(schema).await?;
    let loss = loss::of_tenant(context, &tenant).await?;
    let deleting = format!("Deleting tenant {} (schema {schema}) permanently deletes {loss}.", tenant.name);
    if yes {
        output::line(&deleting);
    } else if !confirm(&format!("{deleting} Delete it?"), schema)? {
        return Err(Failure::new("nothing was deleted"));
    }
    let mut conn = context.connection().await?;
    registry::delete(&mut conn, &tenant.schema).await?;
    conn.close().await?;
    output::line(format!("Tenant {} was deleted.", tenant.name));
    log::info!("{}: tenant deleted with {loss}", tenant.name);
    Ok(())
}
