//! What a form that comes back does: it is saved, shown again with what has to be mended, or with what changed meanwhile.

use rocket::http::Status;

use super::conflict;
use super::entity_admin::{Created, EntityAdmin, NamedObject, SaveContext};
use super::form::{self, FormMode, FormView};
use super::form_fields::{BASE, MORE, REVISION};
use super::request_context::{RequestContext, refused};
use super::response::{PageResponse, PageResult};
use crate::auth::posted::Posted;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::{self, Action};
use crate::domain::model::wording;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::{ExpectedRevision, SaveError, Saved};
use crate::templates::login_page::RESUME;

/// Buttons of a form, and what it carries along.
const CONTINUE: &str = "_continue";

/// The form of a new object, or of a copy of another.
pub async fn add<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    clone_of: Option<i64>,
) -> PageResult {
    let options = entity.options();
    if clone_of.is_some() && !options.can_clone {
        return Err(NOT_FOUND);
    }
    context.may(options.kind, Action::StartAdding)?;
    let draft = Draft::read(entity.fields(), posted.pairs());
    if let Some(shown) = only_shown(posted, &draft) {
        return form::again(entity, context, clone_of, shown).await;
    }
    let outcome = match draft.parse(entity.fields(), entity.blank()) {
        Ok(content) => create(entity, context, posted, (content, clone_of)).await,
        Err(errors) => Err(errors.into()),
    };
    match outcome {
        Ok(created) => added(entity, context, posted, created).await,
        Err(SaveError::Rejected(errors)) => {
            let shown = FormView { status: Status::UnprocessableEntity, ..FormView::fresh(&draft, &errors) };
            form::again(entity, context, clone_of, shown).await
        }
        Err(refusal) => Err(refused(refusal)),
    }
}

/// What takes long comes before the transaction: nobody else can save during it.
async fn create<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (content, clone_of): (D::Content, Option<i64>),
) -> Result<Created, SaveError> {
    let prepared = entity.prepare(&content).await;
    let (mut tx, viewer) = context.write().await?;
    let extra = SaveContext { prepared, ..extra(entity.options(), context, posted, clone_of) };
    let created = entity.create(&mut tx, &viewer, &content, &extra).await?;
    tx.commit().await?;
    Ok(created)
}

async fn added<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    created: Created,
) -> PageResult {
    let (options, saved) = (entity.options(), &created.saved);
    if !created.secret.is_empty() {
        return with_secret(entity, context, created).await;
    }
    let first = format!("The {} “{}” was added.", options.kind.info().one, saved.name);
    let lines = std::iter::once(first).chain(saved.side_effects.iter().cloned()).collect();
    Ok(PageResponse::redirect(after(entity, context, posted, saved.id), lines))
}

/// The form of what was added, in place of a redirect: a secret that is shown this once goes into no cookie.
async fn with_secret<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, created: Created) -> PageResult {
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), created.saved.id).await?.ok_or(NOT_FOUND)?;
    let (draft, errors) = (Draft::of(entity.fields(), &found.loaded.content), ValidationErrors::default());
    let shown = FormView { secret: created.secret, ..FormView::fresh(&draft, &errors) };
    form::show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await
}

/// Where a save leads: to the list, or back to the form.
fn after<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, posted: &Posted, id: i64) -> String {
    match posted.get(CONTINUE) {
        Some(_) => context.at().change(entity.options().kind, id),
        None => context.at().list(entity.options().kind),
    }
}

/// The form of an object that exists.
pub async fn change<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64, posted: &Posted) -> PageResult {
    context.may(entity.options().kind, Action::View)?;
    let typed = Draft::read(entity.fields(), posted.pairs());
    let mut reading = context.read().await?;
    let Some(found) = entity.find(reading.conn(), id).await? else { return gone(entity, context, posted, typed).await };
    let draft = with_what_stays(entity, typed, &found.loaded.content);
    let ticks = ticks(entity.options(), posted);
    let mode = || FormMode::Change { of: &found };
    if let Some(shown) = only_shown(posted, &draft) {
        let shown = FormView { ticks: Some(&ticks), opened: opened(posted), ..shown };
        return form::show(reading.conn(), entity, context, mode(), shown).await;
    }
    drop(reading);
    let shown_again = |errors, status| FormView {
        status,
        ticks: Some(&ticks),
        opened: opened(posted),
        ..FormView::fresh(&draft, errors)
    };
    let action = Action::StartChanging { group: entity.group(&found.loaded.content) };
    let outcome = match policy::decide(context.viewer()?, entity.options().kind, action) {
        Ok(()) => {
            let target = ExpectedRevision { id, revision: revision(posted)? };
            save(entity, context, posted, (target, &draft, &found)).await
        }
        Err(denial) => Err(SaveError::Denied(denial)),
    };
    match outcome {
        Ok(saved) => Ok(PageResponse::redirect(
            after(entity, context, posted, id),
            flash_lines(entity.options().kind.info().one, &saved),
        )),
        Err(SaveError::Rejected(errors)) => {
            let mut tx = context.read().await?;
            let shown = shown_again(&errors, Status::UnprocessableEntity);
            form::show(tx.conn(), entity, context, mode(), shown).await
        }
        // Their rights have gone while they typed; where they never had any, there was nothing to type.
        Err(SaveError::Denied(denial)) if posted.get(BASE).is_some() => {
            let mut tx = context.read().await?;
            let errors = ValidationErrors::of_form(denial.to_string());
            let notice = "Nothing was saved. What you typed is below.".to_owned();
            let shown = FormView { notice, ..shown_again(&errors, Status::Forbidden) };
            form::show(tx.conn(), entity, context, mode(), shown).await
        }
        Err(SaveError::Stale) => {
            conflict::show(entity, context, id, (&draft, &ticks), posted.get(BASE).unwrap_or_default()).await
        }
        Err(SaveError::Gone) => gone(entity, context, posted, draft).await,
        Err(refusal) => Err(refused(refusal)),
    }
}

/// Saves what was typed over what was found, unless somebody changed that meanwhile.
async fn save<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (target, draft, found): (ExpectedRevision, &Draft, &NamedObject<D::Content>),
) -> Result<Saved, SaveError> {
    let content = draft.parse(entity.fields(), found.loaded.content.clone()).or_else(|errors| {
        // Who edits what somebody else changed meanwhile is told of that first.
        target.check(found.loaded.revision)?;
        Err(SaveError::from(errors))
    })?;
    let (mut tx, viewer) = context.write().await?;
    let extra = extra(entity.options(), context, posted, None);
    let saved = entity.change(&mut tx, &viewer, target, &content, &extra).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The object was deleted while its form was open: what was typed can become a new one.
async fn gone<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, posted: &Posted, typed: Draft) -> PageResult {
    // Without what it was, there was no form.
    let base = posted.get(BASE).and_then(|base| serde_json::from_str::<D::Content>(base).ok()).ok_or(NOT_FOUND)?;
    let draft = with_what_stays(entity, typed, &base);
    let one = entity.options().kind.info().one;
    let notice = format!(
        "This {one} was deleted while the form was open. What you typed is below; saved, it becomes a new {one}."
    );
    let nothing = ValidationErrors::default();
    let shown = FormView { notice, status: Status::NotFound, ..FormView::fresh(&draft, &nothing) };
    form::again(entity, context, None, shown).await
}

fn flash_lines(one: &str, saved: &Saved) -> Vec<String> {
    if saved.message == wording::NOTHING {
        return vec![format!("The {one} “{}” is as it was: nothing was changed.", saved.name)];
    }
    let first = format!("The {one} “{}” was changed. {}", saved.name, saved.message);
    std::iter::once(first).chain(saved.side_effects.iter().cloned()).collect()
}

/// The form is not to be saved yet: rows were asked for, or it comes back after a new login.
fn only_shown<'a>(posted: &'a Posted, draft: &'a Draft) -> Option<FormView<'a>> {
    static NOTHING: ValidationErrors = ValidationErrors { errors: Vec::new() };
    let (more_rows, is_resumed) = (posted.get(MORE), posted.get(RESUME).is_some());
    let notice = if is_resumed { "What you typed before you logged in again. Nothing is saved yet." } else { "" };
    let shown = || FormView { more_rows, notice: notice.to_owned(), ..FormView::fresh(draft, &NOTHING) };
    (more_rows.is_some() || is_resumed).then(shown)
}

/// Fields that can only be set at first are not sent: they stay.
fn with_what_stays<D: EntityAdmin>(entity: &D, mut draft: Draft, before: &D::Content) -> Draft {
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

fn ticks(options: &super::EntityOptions, posted: &Posted) -> Vec<&'static str> {
    options.ticks.iter().map(|tick| tick.name).filter(|name| posted.get(name).is_some()).collect()
}

fn extra<'a>(
    options: &super::EntityOptions,
    context: &RequestContext<'a>,
    posted: &Posted,
    clone_of: Option<i64>,
) -> SaveContext<'a> {
    SaveContext {
        ticks: ticks(options, posted).into_iter().collect(),
        clone_of,
        keys: context.keys,
        prepared: String::new(),
    }
}
