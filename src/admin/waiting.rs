//! The accounts that wait for a superuser: federated logins ask for them, or they are new and in no group.

use sqlx::PgConnection;

use super::crud::RequestContext;
use crate::domain::model::object_kind::ObjectKind;
use crate::store::saml_claims::WaitingUser;
use crate::store::{Result, saml_claims};
use crate::templates::Link;
use crate::templates::waiting_line::WaitingLine;

/// The most accounts that a line names.
const MAX_NAMED: usize = 10;

/// Returns a line for each kind of accounts that wait; none for viewers who are not superusers.
pub async fn lines(conn: &mut PgConnection, context: &RequestContext<'_>) -> Result<Vec<WaitingLine>> {
    if !context.viewer.as_ref().is_some_and(|viewer| viewer.is_superuser) {
        return Ok(Vec::new());
    }
    let (claimed, new): (Vec<_>, Vec<_>) =
        saml_claims::waiting(conn).await?.into_iter().partition(|user| user.is_claimed);
    let claimed = line(context, &claimed, ("A federated login asks for", "Federated logins ask for"), "");
    let new = line(context, &new, ("A new account is", "New accounts are"), " in no group");
    Ok(claimed.into_iter().chain(new).collect())
}

/// Returns a line with links to the forms of the users; `None` without users.
fn line(
    context: &RequestContext<'_>,
    users: &[WaitingUser],
    (one, many): (&str, &str),
    end: &str,
) -> Option<WaitingLine> {
    let words = if users.len() == 1 { one } else { many };
    let noun = if users.len() == 1 { "account" } else { "accounts" };
    let label = match end {
        "" => format!("{words} {} {noun}", users.len()),
        end => format!("{words}{end}"),
    };
    let more = match users.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!("and {more} more"),
    };
    let link = |user: &WaitingUser| Link::new(&user.username, context.at().change(ObjectKind::CustUser, user.id));
    let links = users.iter().take(MAX_NAMED).map(link).collect();
    (!users.is_empty()).then_some(WaitingLine { label, users: links, more })
}
