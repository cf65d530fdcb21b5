//! `poem-token`: creates, lists and revokes the API keys of clients.

use super::context::{CommonArgs, Context, block_on};
use super::{CommandResult, Failure};
use crate::domain::form::text;
use crate::domain::model::api_key::LONGEST_CLIENT;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::api_token::{self, LONGEST_TOKEN, NOT_PRINTABLE};
use crate::output;
use crate::registry::{Transaction, api_keys as registry};
use crate::store::{ReadTx, api_keys};

const PROGRAM: &str = "poem-token";
const UNCHANGED: &str = "the token could not be shown, so nothing was changed";

/// Create, replace, list or revoke API keys of clients
#[derive(clap::Args, Debug)]
#[command(disable_version_flag = true)]
#[command(group = clap::ArgGroup::new("action").args(["client", "list", "revoke"]).required(true))]
pub struct Args {
    /// The client to create a token for; the token is printed only this once
    #[arg(short = 't', long, value_name = "CLIENT")]
    client: Option<String>,
    /// The schema of the tenant
    #[arg(short, long, value_name = "SCHEMA")]
    schema: String,
    /// The token to use instead of a random one
    #[arg(short = 'o', long, value_name = "TOKEN", requires = "client", conflicts_with_all = ["list", "revoke"])]
    token: Option<String>,
    /// List the keys of the tenant
    #[arg(long)]
    list: bool,
    /// Revoke the client's key permanently
    #[arg(long, value_name = "CLIENT")]
    revoke: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Creates or replaces, revokes or lists, depending on the options.
pub fn run(args: Args) -> CommandResult {
    let trimmed = |value: Option<String>| value.map(|value| text::line(&value));
    let (client, token) = (trimmed(args.client), trimmed(args.token));
    if let Some(client) = &client {
        check("-t", client, LONGEST_CLIENT)?;
        check_token(token.as_deref().unwrap_or("-"))?;
    }
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let tenant = context.tenant(&args.schema).await?;
        match (&client, &args.revoke) {
            (Some(client), _) => put(&context, &tenant, client, token).await,
            (None, Some(client)) => revoke(&context, &tenant, client).await,
            (None, None) => list(&context, &tenant).await,
        }
    })
}

/// Checks the length and the characters of an option's value.
fn check(option: &str, value: &str, limit: usize) -> CommandResult {
    let length = value.chars().count();
    if length == 0 || length > limit {
        return Err(Failure::Usage(format!("{option}: must have 1 to {limit} characters")));
    }
    match text::control_in_line(value).or_else(|| text::invisible_in_line(value)) {
        Some(refused) => Err(Failure::Usage(format!("{option}: must not contain {refused}"))),
        None => Ok(()),
    }
}

/// Checks a token that was given: every client must be able to send it in a header.
fn check_token(token: &str) -> CommandResult {
    check("-o", token, LONGEST_TOKEN)?;
    match api_token::is_printable(token) {
        true => Ok(()),
        false => Err(Failure::Usage(format!("-o: {NOT_PRINTABLE}"))),
    }
}

async fn put(context: &Context, tenant: &Tenant, client: &str, token: Option<String>) -> CommandResult {
    let token = token.unwrap_or_else(registry::new_token);
    let keys = context.keys()?;
    let mut tx = Transaction::begin(&context.pool(), &tenant.schema).await?;
    let done = registry::put(&mut tx, &keys, (client, &token), PROGRAM).await?;
    // A token that was not shown must not replace the one that works.
    output::show(&token).map_err(|error| Failure::new(format!("standard output: {error}; {UNCHANGED}")))?;
    tx.commit().await.map_err(|error| Failure::new(format!("{error}; the token above is not valid")))?;
    if done.is_revoked {
        output::warn(format!(
            "{PROGRAM}: the key of {client} is revoked, which cannot be undone: this token does not work"
        ));
    } else if !done.is_new {
        output::warn(format!("{PROGRAM}: the token of {client} was replaced; the old one no longer works"));
    }
    log::info!("{}: {} the API key of {client}", tenant.name, if done.is_new { "created" } else { "replaced" });
    Ok(())
}

async fn revoke(context: &Context, tenant: &Tenant, client: &str) -> CommandResult {
    match registry::revoke(&context.pool(), &tenant.schema, client, PROGRAM).await? {
        None => return Err(Failure::new(format!("tenant {} has no client {client}", tenant.name))),
        Some(false) => output::line(format!("The API key of {client} was already revoked.")),
        Some(true) => output::line(format!("The API key of {client} has been revoked, which cannot be undone.")),
    }
    log::info!("{}: revoked the API key of {client}", tenant.name);
    Ok(())
}

async fn list(context: &Context, tenant: &Tenant) -> CommandResult {
    let mut tx = ReadTx::begin(&context.pool(), &tenant.schema).await?;
    for key in api_keys::list(tx.conn()).await? {
        let created = key.created.with_timezone(&context.config.general.timezone).format("%Y-%m-%d %H:%M");
        output::line(format!("{created}  {}  {}", if key.revoked { "revoked" } else { "active " }, key.client));
    }
    Ok(())
}
