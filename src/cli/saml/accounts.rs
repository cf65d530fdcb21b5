//! `poem saml accounts` and `poem saml link`: the accounts and their identifiers at the identity provider.

use chrono::{DateTime, Utc};

use super::PROGRAM;
use crate::cli::context::{CommonArgs, Context, block_on};
use crate::cli::{CommandResult, Failure};
use crate::domain::model::tenant::Tenant;
use crate::output;
use crate::registry::{SaveError, Saved, account_links};
use crate::saml::refusal::quoted;
use crate::store::saml_claims::OpenClaim;
use crate::store::users::UserIdentifier;
use crate::store::{ReadTx, saml_claims, users};

/// The author of links in the activity log and the log.
const AUTHOR: &str = "poem saml";

/// The options of `poem saml accounts`.
#[derive(clap::Args, Debug)]
pub struct AccountsArgs {
    /// The schema of the tenant
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: String,
    #[command(flatten)]
    common: CommonArgs,
}

/// The options of `poem saml link`.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("what").args(["identifier", "unlink"]).required(true))]
pub struct LinkArgs {
    /// The schema of the tenant
    #[arg(short = 'n', long, value_name = "SCHEMA")]
    schema: String,
    /// The name of the account
    #[arg(short, long, value_name = "USER")]
    user: String,
    /// The identifier of the person at the identity provider
    #[arg(short, long, value_name = "IDENTIFIER")]
    identifier: Option<String>,
    /// Remove the identifier of the account
    #[arg(long)]
    unlink: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Prints the accounts with their identifiers, those that have to be linked, and the federated logins that ask for them.
pub fn list(args: AccountsArgs) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let tenant = context.tenant(&args.schema).await?;
        let mut tx = ReadTx::begin(&context.pool(), &tenant.schema).await?;
        let accounts = users::identifiers(tx.conn()).await?;
        let claims = saml_claims::open(tx.conn(), None).await?;
        tx.commit().await?;
        accounts.iter().for_each(|account| output::line(account_line(account)));
        let timezone = context.config.general.timezone;
        let time = |time: DateTime<Utc>| time.with_timezone(&timezone).format("%Y-%m-%d %H:%M").to_string();
        claims.iter().for_each(|claim| output::line(claim_line(claim, &time(claim.last_asked))));
        let to_link = accounts.iter().filter(|account| account.needs_link).count();
        output::line(format!("Accounts: {}; to link: {to_link}; open claims: {}", accounts.len(), claims.len()));
        Ok(())
    })
}

fn account_line(account: &UserIdentifier) -> String {
    let UserIdentifier { username, identifier, needs_link } = account;
    match (identifier.as_str(), needs_link) {
        ("", true) => format!("to link   {username}"),
        ("", false) => format!("password  {username}"),
        (identifier, _) => format!("linked    {username}  {identifier}"),
    }
}

fn claim_line(claim: &OpenClaim, asked: &str) -> String {
    let OpenClaim { username, identity, idp, display_name, mail, .. } = claim;
    // A stranger has written them: they must not break the line, nor command the terminal.
    let known = [display_name, mail, idp].into_iter().filter(|text| !text.is_empty()).map(|text| quoted(text));
    let known: Vec<String> = known.collect();
    format!("claim     {username}  {}  {}  {asked}", quoted(identity), known.join(", "))
}

/// Sets or removes the identifier of an account.
pub fn link(args: LinkArgs) -> CommandResult {
    let context = Context::open(&args.common, PROGRAM)?;
    block_on(async {
        let tenant = context.tenant(&args.schema).await?;
        let (pool, user) = (context.pool(), args.user.as_str());
        match &args.identifier {
            Some(identifier) => {
                let linked = account_links::link_by_command(&pool, &tenant, (user, identifier), AUTHOR).await;
                let done = format!("{user} was linked to {identifier}.");
                say(linked, &tenant, user, (&done, &format!("{user} is linked to {identifier} already.")))
            }
            None => {
                let unlinked = account_links::unlink_by_command(&pool, &tenant, user, AUTHOR).await;
                let done = format!("The identifier of {user} was removed. Sessions of {user} do not end.");
                say(unlinked, &tenant, user, (&done, &format!("{user} has no identifier.")))
            }
        }
    })
}

/// Prints what was done, or that there was nothing to do.
fn say(
    outcome: Result<Saved, SaveError>,
    tenant: &Tenant,
    username: &str,
    (done, nothing): (&str, &str),
) -> CommandResult {
    match outcome {
        Ok(saved) if saved == Saved::nothing(saved.id, &saved.name) => output::line(nothing),
        Ok(_) => output::line(done),
        Err(SaveError::Gone) => return Err(Failure::new(format!("tenant {} has no user {username}", tenant.name))),
        Err(error) => return Err(Failure::new(error.to_string())),
    }
    Ok(())
}
