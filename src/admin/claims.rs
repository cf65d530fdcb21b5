//! Federated logins that ask for an account: shown in the form of the account, and decided by superusers.

use sqlx::PgConnection;

use super::crud::request_context::refused;
use super::crud::{PageResponse, PageResult, RequestContext};
use crate::auth::posted::Posted;
use crate::domain::model::object_kind::ObjectKind;
use crate::error::AppError;
use crate::registry::{SaveError, account_links};
use crate::store::saml_claims::OpenClaim;
use crate::store::{Result, saml_claims};
use crate::templates::form_page::{
    CLAIM_DECISION, CLAIM_IDENTITY, CLAIM_LINK, CLAIM_REFUSE, ClaimView, ClaimsView, InfoLine,
};

const TOO_LATE: &str = "This federated login no longer asks for the account. Nothing was changed.";

/// Returns the logins that ask for an account; `None` if there are none.
pub async fn of_user(conn: &mut PgConnection, id: i64, context: &RequestContext<'_>) -> Result<Option<ClaimsView>> {
    let open = saml_claims::open(conn, Some(id)).await?;
    if open.is_empty() {
        return Ok(None);
    }
    let action = format!("{}{id}/claim/", context.at().list(ObjectKind::CustUser));
    Ok(Some(ClaimsView { action, claims: open.iter().map(|claim| view(claim, context)).collect() }))
}

fn view(claim: &OpenClaim, context: &RequestContext<'_>) -> ClaimView {
    let asked = match claim.first_asked == claim.last_asked {
        true => context.time(claim.first_asked).0,
        false => format!("{}, last {}", context.time(claim.first_asked).0, context.time(claim.last_asked).0),
    };
    let facts = [
        ("Name", &claim.display_name),
        ("E-mail address", &claim.mail),
        ("Identifier", &claim.identity),
        ("Identity provider", &claim.idp),
        ("Asked", &asked),
    ];
    let line = |(label, text): (&str, &String)| {
        let text = if text.is_empty() { "unknown" } else { text };
        InfoLine { label: label.to_owned(), text: text.to_owned(), links: Vec::new() }
    };
    ClaimView { identity: claim.identity.clone(), facts: facts.into_iter().map(line).collect() }
}

/// Links the account to a login that asks for it, or refuses the login. A decision that is sent twice counts once.
pub async fn decide(context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    context.superusers_only()?;
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let identity = posted.get(CLAIM_IDENTITY).unwrap_or_default();
    let decision = posted.get(CLAIM_DECISION).unwrap_or_default();
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    let decided = match decision {
        CLAIM_LINK => account_links::link(&mut tx, &viewer, context.tenant.tenant(), (id, identity)).await,
        CLAIM_REFUSE => account_links::refuse(&mut tx, &viewer, (id, identity)).await,
        _ => return Err(AppError::Malformed("The form does not say what to do with the federated login.".into())),
    };
    let form = context.at().change(ObjectKind::CustUser, id);
    match decided {
        Ok(saved) => {
            tx.commit().await?;
            let line = match decision {
                CLAIM_LINK => format!("The user “{}” was linked to the federated login “{identity}”.", saved.name),
                _ => format!("The federated login “{identity}” was refused."),
            };
            Ok(PageResponse::redirect(form, vec![line]))
        }
        Err(SaveError::Stale) => Ok(PageResponse::refusal(form, TOO_LATE.to_owned())),
        Err(SaveError::Rejected(errors)) => Ok(PageResponse::refusal(form, errors.to_string())),
        Err(refusal) => Err(refused(refusal)),
    }
}
