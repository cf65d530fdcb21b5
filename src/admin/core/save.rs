//! What a form that comes back does: it is saved, shown again with what has to be mended, or with what changed meanwhile.

use rocket::http::Status;

use super::answer::{Answer, Answered};
use super::conflict;
use super::entity::{Created, Declared, Extra, Found};
use super::form::{self, Purpose, Shown};
use super::visit::{Visit, refused};
use crate::auth::posted::Posted;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::Rejection;
use crate::domain::model::policy::{self, Wish};
use crate::domain::model::wording;
use crate::error::{AppError, NOT_FOUND};
use crate::pages::login::RESUME;
use crate::registry::{Refusal, Saved, Target};

/// Buttons of a form, and what it carries along.
const CONTINUE: &str = "_continue";
const MORE: &str = "_more";
/// The state of the object that a page was made of.
pub const REVISION: &str = "_revision";
const BASE: &str = "_base";

/// The form of a new object, or of a copy of another.
pub async fn add<D: Declared>(entity: &D, visit: &Visit<'_>, posted: &Posted, clone_of: Option<i64>) -> Answered {
    let about = entity.about();
    if clone_of.is_some() && !about.can_clone {
        return Err(NOT_FOUND);
    }
    visit.may(about.kind, Wish::StartAdding)?;
    let draft = Draft::read(entity.fields(), posted.pairs());
    if let Some(shown) = only_shown(posted, &draft) {
        return form::again(entity, visit, clone_of, shown).await;
    }
    let outcome = match draft.parse(entity.fields(), entity.blank()) {
        Ok(content) => create(entity, visit, posted, (content, clone_of)).await,
        Err(rejection) => Err(rejection.into()),
    };
    match outcome {
        Ok(created) => added(entity, visit, posted, created).await,
        Err(Refusal::Rejected(rejection)) => {
            let shown = Shown { status: Status::UnprocessableEntity, ..Shown::fresh(&draft, &rejection) };
            form::again(entity, visit, clone_of, shown).await
        }
        Err(refusal) => Err(refused(refusal)),
    }
}

/// What takes long comes before the transaction: nobody else can save during it.
async fn create<D: Declared>(
    entity: &D,
    visit: &Visit<'_>,
    posted: &Posted,
    (content, clone_of): (D::Content, Option<i64>),
) -> Result<Created, Refusal> {
    let prepared = entity.prepare(&content).await;
    let (mut tx, viewer) = visit.write().await?;
    let extra = Extra { prepared, ..extra(entity.about(), visit, posted, clone_of) };
    let created = entity.create(&mut tx, &viewer, &content, &extra).await?;
    tx.commit().await?;
    Ok(created)
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
    visit.may(entity.about().kind, Wish::View)?;
    let typed = Draft::read(entity.fields(), posted.pairs());
    let mut reading = visit.read().await?;
    let Some(found) = entity.find(reading.conn(), id).await? else { return gone(entity, visit, posted, typed).await };
    let draft = with_what_stays(entity, typed, &found.loaded.content);
    let ticks = ticks(entity.about(), posted);
    let purpose = || Purpose::Change { of: &found };
    if let Some(shown) = only_shown(posted, &draft) {
        let shown = Shown { ticks: Some(&ticks), opened: opened(posted), ..shown };
        return form::show(reading.conn(), entity, visit, purpose(), shown).await;
    }
    drop(reading);
    let shown_again = |rejection, status| Shown {
        status,
        ticks: Some(&ticks),
        opened: opened(posted),
        ..Shown::fresh(&draft, rejection)
    };
    let wish = Wish::StartChanging { group: entity.group(&found.loaded.content) };
    let outcome = match policy::decide(visit.viewer()?, entity.about().kind, wish) {
        Ok(()) => {
            let target = Target { id, revision: revision(posted)? };
            save(entity, visit, posted, (target, &draft, &found)).await
        }
        Err(denial) => Err(Refusal::Denied(denial)),
    };
    match outcome {
        Ok(saved) => Ok(Answer::done(after(entity, visit, posted, id), said(entity.about().one, &saved))),
        Err(Refusal::Rejected(rejection)) => {
            let mut tx = visit.read().await?;
            let shown = shown_again(&rejection, Status::UnprocessableEntity);
            form::show(tx.conn(), entity, visit, purpose(), shown).await
        }
        // Their rights have gone while they typed; where they never had any, there was nothing to type.
        Err(Refusal::Denied(denial)) if posted.get(BASE).is_some() => {
            let mut tx = visit.read().await?;
            let rejection = Rejection::of_form(denial.to_string());
            let notice = "Nothing was saved. What you typed is below.".to_owned();
            let shown = Shown { notice, ..shown_again(&rejection, Status::Forbidden) };
            form::show(tx.conn(), entity, visit, purpose(), shown).await
        }
        Err(Refusal::Stale) => {
            conflict::show(entity, visit, id, (&draft, &ticks), posted.get(BASE).unwrap_or_default()).await
        }
        Err(Refusal::Gone) => gone(entity, visit, posted, draft).await,
        Err(refusal) => Err(refused(refusal)),
    }
}

/// Saves what was typed over what was found, unless somebody changed that meanwhile.
async fn save<D: Declared>(
    entity: &D,
    visit: &Visit<'_>,
    posted: &Posted,
    (target, draft, found): (Target, &Draft, &Found<D::Content>),
) -> Result<Saved, Refusal> {
    let content = draft.parse(entity.fields(), found.loaded.content.clone()).or_else(|rejection| {
        // Who edits what somebody else changed meanwhile is told of that first.
        target.check(found.loaded.revision)?;
        Err(Refusal::from(rejection))
    })?;
    let (mut tx, viewer) = visit.write().await?;
    let extra = extra(entity.about(), visit, posted, None);
    let saved = entity.change(&mut tx, &viewer, target, &content, &extra).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The object was deleted while its form was open: what was typed can become a new one.
async fn gone<D: Declared>(entity: &D, visit: &Visit<'_>, posted: &Posted, typed: Draft) -> Answered {
    // Without what it was, there was no form.
    let base = posted.get(BASE).and_then(|base| serde_json::from_str::<D::Content>(base).ok()).ok_or(NOT_FOUND)?;
    let draft = with_what_stays(entity, typed, &base);
    let one = entity.about().one;
    let notice = format!(
        "This {one} was deleted while the form was open. What you typed is below; saved, it becomes a new {one}."
    );
    let nothing = Rejection::default();
    let shown = Shown { notice, status: Status::NotFound, ..Shown::fresh(&draft, &nothing) };
    form::again(entity, visit, None, shown).await
}

fn said(one: &str, saved: &Saved) -> Vec<String> {
    if saved.message == wording::NOTHING {
        return vec![format!("The {one} “{}” is as it was: nothing was changed.", saved.name)];
    }
    let first = format!("The {one} “{}” was changed. {}", saved.name, saved.message);
    std::iter::once(first).chain(saved.consequences.iter().cloned()).collect()
}

/// The form is not to be saved yet: rows were asked for, or it comes back after a new login.
fn only_shown<'a>(posted: &'a Posted, draft: &'a Draft) -> Option<Shown<'a>> {
    static NOTHING: Rejection = Rejection { complaints: Vec::new() };
    let (more_rows, is_resumed) = (posted.get(MORE), posted.get(RESUME).is_some());
    let notice = if is_resumed { "What you typed before you logged in again. Nothing is saved yet." } else { "" };
    let shown = || Shown { more_rows, notice: notice.to_owned(), ..Shown::fresh(draft, &NOTHING) };
    (more_rows.is_some() || is_resumed).then(shown)
}

/// Fields that can only be set at first are not sent: they stay.
fn with_what_stays<D: Declared>(entity: &D, mut draft: Draft, before: &D::Content) -> Draft {
    let current = Draft::of(entity.fields(), before);
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
    Extra { ticks: ticks(about, posted).into_iter().collect(), clone_of, keys: visit.keys, prepared: String::new() }
}
