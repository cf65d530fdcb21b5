//! The copy of a profile on the ARGO WEB-API: the page that compares the two and sends the profile, what the page of the
//! profile says about it, and the sending after a save.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::timeout;

use super::crud::RequestContext;
use super::crud::form_fields::REVISION;
use super::crud::request_context::{denied, refused};
use super::crud::response::{self, PageResponse, PageResult};
use crate::auth::flash;
use crate::auth::posted::Posted;
use crate::domain::model::metric_profile_copy::{CopyDifference, difference, names, wanted};
use crate::domain::model::metric_profile_definition::MetricProfileDefinition;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::model::policy::{self, Action};
use crate::domain::model::profile::ProfileContent;
use crate::domain::model::version::compare_labels;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::metric_profile_copies as registry;
use crate::store::metric_profile_copies::{self as copies, StoredCopy};
use crate::store::{Loaded, Result as StoreResult, profiles};
use crate::templates::delete_page::{DELETE_COPY, DeletionTick};
use crate::templates::form_page::InfoLine;
use crate::templates::metric_profile_page::{ACTION, EVERY_SAVE, MetricProfilePage, SEND, SETTING, SHOWN};
use crate::templates::used_by_page::{UseRow, UseSection};
use crate::templates::{Link, Page};
use crate::webapi_sync::access::TenantAccess;
use crate::webapi_sync::metric_profiles::{self, Consent, NotSent, copy_of, fingerprint};

const KIND: ObjectKind = ObjectKind::Profile;
/// The time that the response to a save waits for the WEB-API.
const SEND_TIMEOUT: Duration = Duration::from_secs(3);
/// The most pairs that the page lists of each side; further ones are counted.
const MOST_PAIRS: usize = 200;

/// The label of the aggregations that use a profile.
const USERS: &str = "Aggregations that use it";

/// What a new name means to those who refer to the old one.
const RENAMED: &str =
    " The names differ. Aggregation profiles that refer to it keep the name that it was first sent with.";

/// Returns the address of the page of a profile.
pub fn address(context: &RequestContext<'_>, id: i64) -> String {
    format!("{}{id}/metricprofile/", context.at().list(KIND))
}

/// Returns what the page of a profile says about its copy; nothing without `[WEBAPI]`.
pub async fn facts(
    conn: &mut PgConnection,
    found: &Loaded<ProfileContent>,
    context: &RequestContext<'_>,
) -> StoreResult<Vec<InfoLine>> {
    if context.viewer.is_none() || context.config.webapi.is_none() {
        return Ok(Vec::new());
    }
    if let Some((_, highest)) = higher_version(conn, found.id, &found.content).await? {
        return Ok(vec![line("ARGO WEB-API", format!("Only the highest version, {highest}, is sent."))]);
    }
    let stored = copies::of(conn, found.id).await?;
    let users = users(conn, stored.as_ref(), &found.content, context).await?;
    let mut lines = vec![line("ARGO WEB-API", state(stored.as_ref(), &found.content, &context.namespace()).to_owned())];
    lines.extend(stored.iter().flat_map(|stored| sending(stored, context)));
    lines.extend(InfoLine::summary(USERS, users, context.at().used_by(KIND, found.id)));
    Ok(lines)
}

/// Returns links to the aggregations whose metric profile is the copy of a profile.
async fn users(
    conn: &mut PgConnection,
    stored: Option<&StoredCopy>,
    content: &ProfileContent,
    context: &RequestContext<'_>,
) -> StoreResult<Vec<Link>> {
    let known = stored.and_then(|stored| stored.copy.api_id.clone()).unwrap_or_default();
    let users = copies::used_by(conn, &known, &names(&content.name, &context.namespace())).await?;
    let link = |(id, name): (i64, String)| Link::new(name, context.at().view(ObjectKind::Aggregation, id));
    Ok(users.into_iter().map(link).collect())
}

/// Returns the aggregations that use a profile; none if only a higher version of it is sent.
pub async fn uses(
    conn: &mut PgConnection,
    found: &Loaded<ProfileContent>,
    context: &RequestContext<'_>,
) -> StoreResult<Vec<UseSection>> {
    if higher_version(conn, found.id, &found.content).await?.is_some() {
        return Ok(Vec::new());
    }
    let stored = copies::of(conn, found.id).await?;
    let users = users(conn, stored.as_ref(), &found.content, context).await?;
    let rows = users.into_iter().map(|object| UseRow { object, cells: Vec::new() }).collect();
    Ok(vec![UseSection { label: USERS.to_owned(), columns: vec!["Aggregation"], rows, ..UseSection::default() }])
}

/// Returns the id and the label of the highest version of a profile; `None` if it is this one.
async fn higher_version(
    conn: &mut PgConnection,
    id: i64,
    content: &ProfileContent,
) -> StoreResult<Option<(i64, String)>> {
    let versions = profiles::list(conn, Some(&content.name)).await?;
    let highest = versions.into_iter().max_by(|a, b| compare_labels(&a.version, &b.version));
    Ok(highest.filter(|row| row.id != id).map(|row| (row.id, row.version)))
}

fn line(label: &str, text: String) -> InfoLine {
    InfoLine { label: label.to_owned(), text, links: Vec::new() }
}

/// Returns the state as of the last sending.
fn state(stored: Option<&StoredCopy>, content: &ProfileContent, namespace: &str) -> &'static str {
    let Some((copy, sent)) = stored.and_then(|stored| Some((&stored.copy, stored.copy.sent.as_ref()?))) else {
        return "Not sent.";
    };
    match copy.api_id {
        None => "No longer there.",
        Some(_) if difference(&wanted(content, namespace, Some(sent)), sent).is_none() => {
            "The same as when it was sent."
        }
        Some(_) => "Differs from what was sent.",
    }
}

/// Returns when a profile was sent, since when it is to be sent, and why the last sending failed.
fn sending(stored: &StoredCopy, context: &RequestContext<'_>) -> Vec<InfoLine> {
    let time = |label: &str, time| line(label, context.time(time).0);
    let mut lines: Vec<InfoLine> = stored.sent_at.map(|at| time("Sent", at)).into_iter().collect();
    if stored.copy.on_every_save {
        lines.push(line("Sent on every save", "Yes".to_owned()));
        lines.extend(stored.marked_since.map(|since| time("To be sent since", since)));
    }
    if !stored.failure.is_empty() {
        lines.push(line("The last sending failed", stored.failure.clone()));
    }
    lines
}

/// Returns the page.
pub async fn page(context: &RequestContext<'_>, id: i64) -> PageResult {
    show(context, id, String::new()).await
}

async fn show(context: &RequestContext<'_>, id: i64, failure: String) -> PageResult {
    context.may(KIND, Action::View)?;
    context.viewer()?;
    let access = context.web_api().ok_or(NOT_FOUND)?;
    let mut tx = context.read().await?;
    let loaded = profiles::content(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    if let Some((highest, _)) = higher_version(tx.conn(), id, &loaded.content).await? {
        return Ok(PageResponse::redirect(address(context, highest), Vec::new()));
    }
    let stored = copies::of(tx.conn(), id).await?;
    let users = users(tx.conn(), stored.as_ref(), &loaded.content, context).await?;
    tx.commit().await?;
    let content = &loaded.content;
    let live = Live::read(context, &access, content, stored.as_ref()).await?;
    let (list, form) = (context.at().list(KIND), context.at().view(KIND, id));
    let trail = [(KIND.info().many, list.as_str()), (&content.name, &form), ("ARGO WEB-API", "")];
    let can_change = context.allows(KIND, Action::StartChanging { group: &content.group });
    let status = if failure.is_empty() { rocket::http::Status::Ok } else { rocket::http::Status::Conflict };
    let shown = MetricProfilePage {
        object: content.name.clone(),
        back: Link::new("Back to the profile", form.clone()),
        action: address(context, id),
        failure,
        facts: stored.iter().flat_map(|stored| sending(stored, context)).chain(InfoLine::of(USERS, users)).collect(),
        on_every_save: stored.as_ref().is_some_and(|stored| stored.copy.on_every_save),
        can_change,
        ..live.shown()
    };
    response::page_with(Page::new(context.layout(&format!("ARGO WEB-API: {}", content.name), &trail), shown), status)
}

/// The metric profile on the WEB-API, as it is now.
enum Live {
    /// It cannot be read; holds the reason.
    Unknown(String),
    /// There is none.
    None { is_gone: bool },
    /// It is there. `is_ours`: POEM has sent it.
    There { difference: CopyDifference, fingerprint: String, is_ours: bool },
}

impl Live {
    async fn read(
        context: &RequestContext<'_>,
        access: &TenantAccess<'_>,
        content: &ProfileContent,
        stored: Option<&StoredCopy>,
    ) -> Result<Self, AppError> {
        let token = match access.token().await? {
            Ok(token) => token,
            Err(missing) => return Ok(Self::Unknown(missing.to_string())),
        };
        let list = match context.remote_cache.metric_profiles(access, &token).await {
            Ok(list) => list,
            Err(failure) => return Ok(Self::Unknown(failure.to_string())),
        };
        let (known, namespace) = (stored.and_then(|stored| stored.copy.api_id.as_deref()), context.namespace());
        let there: Option<&MetricProfileDefinition> = copy_of(&list, known, &names(&content.name, &namespace));
        Ok(match there {
            None => Self::None { is_gone: stored.is_some_and(|stored| stored.copy.sent.is_some()) },
            Some(there) => Self::There {
                difference: difference(&wanted(content, &namespace, Some(there)), there),
                fingerprint: fingerprint(Some(there)),
                is_ours: known == Some(there.id.as_str()),
            },
        })
    }

    /// Returns the part of the page that depends on it.
    fn shown(self) -> MetricProfilePage {
        let (state, send, shown, difference) = match self {
            Self::Unknown(reason) => (reason, "", String::new(), CopyDifference::default()),
            Self::None { is_gone } => {
                let state = if is_gone { "The metric profile is no longer there." } else { "It is not there." };
                let send = if is_gone { "Create it anew" } else { "Send" };
                (state.to_owned(), send, fingerprint(None), CopyDifference::default())
            }
            Self::There { difference, fingerprint, is_ours } => {
                let (state, send) = match (difference.is_none(), is_ours) {
                    (true, true) => ("It is the same there.", ""),
                    (true, false) => ("There is a metric profile of this name that is the same.", "Take it over"),
                    (false, true) => ("It differs there. Sending replaces what is there.", "Send"),
                    (false, false) => (
                        "There is a metric profile of this name that POEM has not sent. Sending replaces it.",
                        "Take it over and send",
                    ),
                };
                (described(state, &difference), send, fingerprint, difference)
            }
        };
        MetricProfilePage {
            state,
            send: send.to_owned(),
            shown,
            only_here: listed(&difference.only_here),
            only_there: listed(&difference.only_there),
            ..MetricProfilePage::default()
        }
    }
}

fn described(state: &str, difference: &CopyDifference) -> String {
    let other = match (difference.name, difference.description) {
        (false, false) => "",
        (true, false) => RENAMED,
        (false, true) => " The descriptions differ.",
        (true, true) => return format!("{state}{RENAMED} The descriptions differ."),
    };
    format!("{state}{other}")
}

fn listed(pairs: &[(String, String)]) -> Vec<String> {
    let more = pairs.len().saturating_sub(MOST_PAIRS);
    let lines = pairs.iter().take(MOST_PAIRS).map(|(service, metric)| format!("{service}, {metric}"));
    lines.chain((more > 0).then(|| format!("and {more} more"))).collect()
}

/// Sends the profile as the page showed it, or stores the setting.
pub async fn act(context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    if let Some(refusal) = context.refusal_of_other_user(posted) {
        return Ok(refusal);
    }
    let access = context.web_api().ok_or(NOT_FOUND)?;
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    match posted.get(ACTION) {
        Some(SETTING) => {
            let on = posted.get(EVERY_SAVE).is_some();
            registry::set_on_every_save(&mut tx, &viewer, id, on).await.map_err(refused)?;
            tx.commit().await?;
            let words =
                if on { "The profile is sent on every save." } else { "The profile is no longer sent on every save." };
            let not_sent = if on { sent_within(context, SEND_TIMEOUT).await } else { Vec::new() };
            let lines = std::iter::once(words.to_owned()).chain(not_sent.iter().map(words_of)).collect();
            Ok(PageResponse::redirect(address(context, id), lines))
        }
        Some(SEND) => {
            registry::may_send(&mut tx, &viewer, id).await.map_err(refused)?;
            drop(tx);
            let shown = Consent::Shown(posted.get(SHOWN).unwrap_or_default().to_owned());
            let by = (Some(viewer.id), viewer.username.as_str());
            let sent = metric_profiles::send(&access, (id, &context.namespace()), by, &shown).await;
            context.remote_cache.forget_metric_profiles(&access.tenant.schema);
            match sent {
                Ok(()) => Ok(PageResponse::redirect(address(context, id), vec!["The profile was sent.".to_owned()])),
                Err(failure) => show(context, id, failure.to_string()).await,
            }
        }
        _ => Err(AppError::Malformed("The form does not say what to do.".to_owned())),
    }
}

/// Sends what a save has changed, and adds to its response what was not sent. The save is complete in any case.
///
/// Metrics change many profiles: their saves do not wait.
pub async fn after_save(context: &RequestContext<'_>, kind: ObjectKind, saved: PageResult) -> PageResult {
    let is_saved = matches!(saved, Ok(PageResponse::Redirect { .. }));
    if !is_saved || !matches!(kind, ObjectKind::Profile | ObjectKind::Metric) {
        return saved;
    }
    let wait = if kind == ObjectKind::Profile { SEND_TIMEOUT } else { Duration::ZERO };
    let not_sent = sent_within(context, wait).await;
    match saved {
        Ok(PageResponse::Redirect { address, mut flash_lines, tone }) => {
            flash_lines.extend(not_sent.iter().map(|not_sent| flash::apart(&words_of(not_sent))));
            Ok(PageResponse::Redirect { address, flash_lines, tone })
        }
        saved => saved,
    }
}

fn words_of(not_sent: &NotSent) -> String {
    format!("Saved. The ARGO WEB-API does not have {} yet: {}", not_sent.name, not_sent.failure)
}

/// Sends the marked profiles of the tenant in a task of its own, and waits for it this long. Returns those that were not
/// sent in that time, as far as it is known.
async fn sent_within(context: &RequestContext<'_>, wait: Duration) -> Vec<NotSent> {
    let Some(access) = context.web_api() else { return Vec::new() };
    match metric_profiles::marked(&access).await {
        Ok(marked) if !marked.is_empty() => {}
        Ok(_) => return Vec::new(),
        Err(error) => {
            log::warn!("{}: profiles were not sent to the ARGO WEB-API: {error}", access.tenant.name);
            return Vec::new();
        }
    }
    let (pool, tenant) = (access.pool.clone(), access.tenant.clone());
    let (config, client, keys) = (context.config.clone(), Arc::clone(context.web_api_client()), context.keys.clone());
    let (namespace, viewer) = (context.namespace(), context.viewer.clone());
    let task = tokio::spawn(async move {
        let access = TenantAccess::new((&pool, &tenant), &config, &client, &keys)?;
        let by = viewer.as_ref().map_or((None, ""), |viewer| (Some(viewer.id), viewer.username.as_str()));
        let not_sent = metric_profiles::send_marked(&access, &namespace, by).await.ok()?;
        for NotSent { name, failure } in &not_sent {
            log::warn!("{}: the profile {name} was not sent to the ARGO WEB-API: {failure}", access.tenant.name);
        }
        Some(not_sent)
    });
    match timeout(wait, task).await {
        Ok(Ok(not_sent)) => {
            context.remote_cache.forget_metric_profiles(&access.tenant.schema);
            not_sent.unwrap_or_default()
        }
        // It goes on; what it does not send, the sync does.
        _ => Vec::new(),
    }
}

/// Deletes the copy of a profile that is about to be deleted, if its form says so. Returns the response if the profile must
/// stay, because its copy is still needed.
///
/// Nothing is deleted if the profile is gone, or was changed since the confirmation was shown: the deletion says so.
pub async fn before_deletion(
    context: &RequestContext<'_>,
    (kind, id): (ObjectKind, i64),
    posted: &Posted,
) -> Result<Option<PageResponse>, AppError> {
    let is_asked = kind == KIND && posted.get(DELETE_COPY).is_some() && context.refusal_of_other_user(posted).is_none();
    let Some(access) = context.web_api().filter(|_| is_asked) else { return Ok(None) };
    let (mut tx, viewer) = context.write().await.map_err(refused)?;
    let Some(loaded) = profiles::content(tx.conn(), id).await? else { return Ok(None) };
    let is_stale = posted.get(REVISION).is_some_and(|seen| seen != loaded.revision.to_string());
    // The copy belongs to the highest version.
    if is_stale || higher_version(tx.conn(), id, &loaded.content).await?.is_some() {
        return Ok(None);
    }
    policy::decide(&viewer, KIND, Action::Delete { group: &loaded.content.group }).map_err(denied)?;
    drop(tx);
    let by = (Some(viewer.id), viewer.username.as_str());
    let deleted = metric_profiles::delete(&access, id, by).await;
    context.remote_cache.forget_metric_profiles(&access.tenant.schema);
    Ok(deleted.err().map(|failure| PageResponse::refusal(context.at().delete(kind, id), failure.to_string())))
}

/// Returns the choice to delete the copy as well; `None` if there is none.
pub async fn deletion_tick(
    conn: &mut PgConnection,
    found: &Loaded<ProfileContent>,
    context: &RequestContext<'_>,
) -> StoreResult<Option<DeletionTick>> {
    let copy = copies::of(conn, found.id).await?.filter(|_| context.config.webapi.is_some());
    let is_there = copy.is_some_and(|stored| stored.copy.api_id.is_some());
    if !is_there || higher_version(conn, found.id, &found.content).await?.is_some() {
        return Ok(None);
    }
    let label = "Delete the metric profile on the ARGO WEB-API, too".to_owned();
    Ok(Some(DeletionTick { name: DELETE_COPY.to_owned(), label }))
}
