//! What a form that comes back does: it is saved, shown again with what has to be mended, or with what changed meanwhile.

use rocket::http::Status;

use super::answer::{Answer, Answered};
use super::conflict;
use super::entity::{Created, Declared, Extra, Found};
use super::form::{self, Purpose, Shown};
use super::visit::{Visit, refused};
use crate::auth::form::Posted;
use crate::domain::draft::Draft;
use crate::domain::history;
use crate::domain::policy::{Viewer, Wish};
use crate::domain::rejection::Rejection;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::{Refusal, Saved, Target};
use crate::store::TenantTx;

/// Buttons of a form, and what it carries along.
const CONTINUE: &str = "_continue";
const MORE: &str = "_more";
const RESUME: &str = "_resume";
const REVISION: &str = "_revision";
const BASE: &str = "_base";

/// The form of a new object, or of a copy of another.
pub async fn add<D: Declared>(entity: &D, visit: &Visit<'_>, posted: &Posted, clone_of: Option<i64>) -> Answered {
    let about = entity.about();
    if clone_of.is_some() && !about.can_clone {
        return Err(NOT_FOUND);
    }
    visit.may(about.kind, Wish::StartAdding)?;
    let draft = Draft::read(entity.fields(), posted.pairs());
    let (mut tx, viewer) = visit.write().await?;
    let original = match clone_of {
        Some(id) => Some(entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?),
        None => None,
    };
    let purpose = || original.as_ref().map_or(Purpose::Add, |of| Purpose::Clone { of });
    if let Some(shown) = only_shown(posted, &draft) {
        return form::show(tx.conn(), entity, visit, purpose(), shown).await;
    }
    let extra = extra(about, visit, posted, clone_of);
    match create(entity, &mut tx, &viewer, &draft, &extra).await {
        Ok(created) => {
            tx.commit().await?;
            added(entity, visit, posted, created).await
        }
        Err(Refusal::Rejected(rejection)) => {
            let shown = Shown { status: Status::UnprocessableEntity, ..Shown::fresh(&draft, &rejection) };
            // What the operation had begun is not to be seen by the form.
            drop(tx);
            let mut tx = visit.read().await?;
            form::show(tx.conn(), entity, visit, purpose(), shown).await
        }
        Err(refusal) => Err(refused(refusal)),
    }
}

async fn create<D: Declared>(
    entity: &D,
    tx: &mut TenantTx,
    viewer: &Viewer,
    draft: &Draft,
    extra: &Extra<'_>,
) -> Result<Created, Refusal> {
    let content = draft.parse(entity.fields(), entity.blank())?;
    entity.create(tx, viewer, &content, extra).await
}

async fn added<D: Declared>(entity: &D, visit: &Visit<'_>, posted: &Posted, created: Created) -> Answered {
    let (about, saved) = (entity.about(), &created.saved);
    if !created.secret.is_empty() {
        return with_secret(entity, visit, created).await;
    }
    let first = format!("The {} “{}” was added.", about.one, saved.name);
    let said = std::iter::once(first).chain(saved.consequences.iter().cloned()).collect();
    Ok(Answer::done(after(entity, visit, posted, saved.id), said))
}

/// The form of what was added, in place of a redirect: a secret that is shown this once goes into no cookie.
async fn with_secret<D: Declared>(entity: &D, visit: &Visit<'_>, created: Created) -> Answered {
    let mut tx = visit.read().await?;
    let found = entity.find(tx.conn(), created.saved.id).await?.ok_or(NOT_FOUND)?;
    let (draft, rejection) = (Draft::of(entity.fields(), &found.loaded.content), Rejection::default());
    let shown = Shown { secret: created.secret, ..Shown::fresh(&draft, &rejection) };
    form::show(tx.conn(), entity, visit, Purpose::Change { of: &found }, shown).await
}

/// Where a save leads: to the list, or back to the form.
fn after<D: Declared>(entity: &D, visit: &Visit<'_>, posted: &Posted, id: i64) -> String {
    match posted.get(CONTINUE) {
        Some(_) => visit.at().change(entity.about().kind, id),
        None => visit.at().list(entity.about().kind),
    }
}

/// The form of an object that exists.
pub async fn change<D: Declared>(entity: &D, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered {
    let about = entity.about();
    let draft = Draft::read(entity.fields(), posted.pairs());
    let (mut tx, viewer) = visit.write().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    visit.may(about.kind, Wish::StartChanging { group: entity.group(&found.loaded.content) })?;
    let draft = with_what_stays(entity, draft, &found);
    let ticks = ticks(about, posted);
    if let Some(shown) = only_shown(posted, &draft) {
        let shown = Shown { ticks: Some(&ticks), opened: opened(posted), ..shown };
        return form::show(tx.conn(), entity, visit, Purpose::Change { of: &found }, shown).await;
    }
    let extra = extra(about, visit, posted, None);
    let target = Target { id, revision: revision(posted)? };
    let saved = match draft.parse(entity.fields(), found.loaded.content.clone()) {
        Ok(content) => entity.change(&mut tx, &viewer, target, &content, &extra).await,
        // Who edits what somebody else changed meanwhile is told of that first.
        Err(_) if found.loaded.revision != target.revision => Err(Refusal::Stale),
        Err(rejection) => Err(rejection.into()),
    };
    let shown = |rejection| Shown {
        status: Status::UnprocessableEntity,
        ticks: Some(&ticks),
        ..Shown::fresh(&draft, rejection)
    };
    match saved {
        Ok(saved) => {
            tx.commit().await?;
            Ok(Answer::done(after(entity, visit, posted, id), said(about.one, &saved)))
        }
        Err(Refusal::Rejected(rejection)) => {
            drop(tx);
            let mut tx = visit.read().await?;
            let shown = Shown { opened: opened(posted), ..shown(&rejection) };
            form::show(tx.conn(), entity, visit, Purpose::Change { of: &found }, shown).await
        }
        Err(Refusal::Stale) => {
            drop(tx);
            conflict::show(entity, visit, id, (&draft, &ticks), posted.get(BASE).unwrap_or_default()).await
        }
        Err(refusal) => Err(refused(refusal)),
    }
}

fn said(one: &str, saved: &Saved) -> Vec<String> {
    if saved.message == history::NOTHING {
        return vec![format!("The {one} “{}” is as it was: nothing was changed.", saved.name)];
    }
    let first = format!("The {one} “{}” was changed. {}", saved.name, saved.message);
    std::iter::once(first).chain(saved.consequences.iter().cloned()).collect()
}

/// The form is not to be saved yet: rows were asked for, or it comes back after a new login.
fn only_shown<'a>(posted: &'a Posted, draft: &'a Draft) -> Option<Shown<'a>> {
    static NOTHING: Rejection = Rejection { complaints: Vec::new() };
    let more_rows = posted.get(MORE);
    (more_rows.is_some() || posted.get(RESUME).is_some()).then(|| Shown { more_rows, ..Shown::fresh(draft, &NOTHING) })
}

/// Fields that can only be set at first are not sent: they stay.
fn with_what_stays<D: Declared>(entity: &D, mut draft: Draft, found: &Found<D::Content>) -> Draft {
    let current = Draft::of(entity.fields(), &found.loaded.content);
    for field in entity.fields().iter().filter(|field| field.only_at_first) {
        if let Some(typed) = current.get(field.name) {
            draft.set(field.name, typed.clone());
        }
    }
    draft
}

/// What the form was opened with. It stays so while the form is only shown again: what others saved meanwhile is noticed
/// when it is saved.
fn opened(posted: &Posted) -> Option<(String, String)> {
    Some((posted.get(REVISION)?.to_owned(), posted.get(BASE)?.to_owned()))
}

fn revision(posted: &Posted) -> Result<i64, AppError> {
    let revision = posted.get(REVISION).and_then(|revision| revision.parse().ok());
    revision.ok_or_else(|| {
        AppError::Malformed("The form does not say which state of the object it was opened with.".into())
    })
}

fn ticks(about: &super::About, posted: &Posted) -> Vec<&'static str> {
    about.ticks.iter().map(|tick| tick.name).filter(|name| posted.get(name).is_some()).collect()
}

fn extra<'a>(about: &super::About, visit: &Visit<'a>, posted: &Posted, clone_of: Option<i64>) -> Extra<'a> {
    Extra { ticks: ticks(about, posted).into_iter().collect(), clone_of, keys: visit.keys }
}
