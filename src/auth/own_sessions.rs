//! The page that lists the sessions of a user, who can end them there.

use chrono::{DateTime, Utc};
use rocket::{Route, get, post, routes};

use crate::auth::login_context::LoginContext;
use crate::auth::login_required::LoggedIn;
use crate::auth::posted::Posted;
use crate::domain::security::keys::hex;
use crate::error::AppError;
use crate::http::redirect::RedirectTo;
use crate::registry::sessions as registry;
use crate::store::sessions::{OwnSession, Session};
use crate::templates::Page;
use crate::templates::sessions_page::{ALL_OTHERS, END, SessionView, SessionsPage, browser_in_words};
use crate::templates::urls::SESSIONS;

const TITLE: &str = "Your sessions";

/// The routes of these pages.
pub fn routes() -> Vec<Route> {
    routes![list, end]
}

#[get("/poem/admin/sessions")]
async fn list(inside: LoggedIn<'_>) -> Result<Page<SessionsPage>, AppError> {
    let LoggedIn(context, session) = &inside;
    let found = registry::of_user(&context.login_request(), session.user.id).await?;
    let sessions = found.iter().map(|one| view(context, session, one)).collect();
    let content = SessionsPage { action: SESSIONS.to_owned(), sessions };
    Ok(Page::new(context.user_layout(TITLE, &session.user), content))
}

fn view(context: &LoginContext<'_>, own: &Session, session: &OwnSession) -> SessionView {
    let timezone = context.config.current().general.timezone;
    let time = |moment: DateTime<Utc>| moment.with_timezone(&timezone).format("%Y-%m-%d %H:%M").to_string();
    SessionView {
        id: hex(&session.id_hash),
        browser: browser_in_words(&session.user_agent),
        address: session.address.clone(),
        begun: time(session.created),
        last_used: time(session.last_used),
        is_current: session.id_hash == own.id_hash,
    }
}

/// Ends one session of the user, or all but the one of the request. A session that has ended already is no error.
#[post("/poem/admin/sessions", data = "<posted>")]
async fn end(inside: LoggedIn<'_>, posted: Posted) -> Result<RedirectTo, AppError> {
    let LoggedIn(context, session) = &inside;
    if posted.is_of(session.user.id) {
        let own = hex(&session.id_hash);
        match posted.get(END) {
            Some(ALL_OTHERS) => registry::end_others(context.login_request(), &session.user, &own).await?,
            Some(id) if id != own => registry::end(context.login_request(), &session.user, id).await?,
            _ => {}
        }
    }
    Ok(RedirectTo::see_other(SESSIONS))
}
