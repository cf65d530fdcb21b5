//! The handling of a posted form: it is saved, shown again with its errors, or shown with the changes of others.

use rocket::http::Status;

use super::conflict;
use super::entity_admin::{Created, EntityAdmin, NamedObject, SaveContext};
use super::form::{self, FormMode, FormView};
use super::form_fields::{ANEW, BASE, EDIT, MORE, REVISION};
use super::list_return;
use super::new_names;
use super::options::EntityOptions;
use super::remote_store::{self, RemoteEdit, RemotePart, RemoteRefusal, RemoteStore};
use super::repeat;
use super::request_context::{RequestContext, refused};
use super::response::{PageResponse, PageResult};
use crate::auth::csrf;
use crate::auth::flash;
use crate::auth::posted::{Posted, PostedForm, other_user};
use crate::blocking::in_place;
use crate::domain::form::edit::{self, Focus};
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::{self, Action};
use crate::domain::model::wording;
use crate::error::{AppError, NOT_FOUND};
use crate::http::body::FormBody;
use crate::registry::{ExpectedRevision, SaveError, Saved, Transaction};
use crate::store::{Loaded, StoreError};
use crate::templates::login_page::RESUME;

/// The button that saves and then shows the form again.
const CONTINUE: &str = "_continue";

/// Saves a new object, or a copy of the object `clone_of`.
pub async fn add<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    form: &PostedForm,
    clone_of: Option<i64>,
) -> PageResult {
    let options = entity.options();
    if clone_of.is_some() && !options.can_clone {
        return Err(if matches!(form, PostedForm::Verified(_)) { NOT_FOUND } else { csrf::NOT_OUR_FORM });
    }
    context.may(options.kind, Action::StartAdding)?;
    let (draft, focus) =
        edit::applied(read_new(entity, context, form, clone_of).await?, entity.fields(), form.get(EDIT));
    let posted = match to_save(context, form, (&draft, focus))? {
        ToSave::Yes(posted) => posted,
        ToSave::No(shown) => {
            let shown = FormView { remote: for_draft(entity, context, &draft, &entity.blank()).await?, ..*shown };
            return form::again(entity, context, clone_of, shown).await;
        }
    };
    let (content, errors) = in_place(|| draft.parse_all(entity.fields(), entity.blank()));
    let is_valid = errors.is_empty();
    let outcome = match (entity.remote(), is_valid) {
        (None, true) => create(entity, context, posted, (&content, clone_of)).await.map_err(RemoteRefusal::Save),
        (None, false) => {
            let extra = extra(entity.options(), context, posted, clone_of);
            Err(all_errors(errors, attempt(entity, context, (&content, extra)).await).into())
        }
        (Some(remote), true) => remote.add(context, &content, clone_of).await.map(Created::from),
        (Some(_), false) => Err(SaveError::from(errors).into()),
    };
    let (refusal, remote) = match outcome {
        Ok(created) => return added(entity, context, posted, created).await,
        Err(refusal) => (refusal, remote_store::view_again(entity, context).await?.for_content(&content)),
    };
    let refusal = match refusal {
        RemoteRefusal::Save(refusal) => refusal,
        RemoteRefusal::Failed(status, message) => {
            let errors = ValidationErrors::of_form(message);
            let shown = FormView { status, remote, ..FormView::fresh(&draft, &errors) };
            return form::again(entity, context, clone_of, shown).await;
        }
        RemoteRefusal::Changed(_) | RemoteRefusal::Missing => SaveError::Stale,
    };
    match refusal {
        SaveError::Rejected(errors) => {
            if is_valid
                && let Some(saved) =
                    repeat::added(entity, context, &content, &extra(entity.options(), context, posted, clone_of))
                        .await?
            {
                return added_before(entity, context, posted, saved).await;
            }
            let shown = FormView { status: Status::UnprocessableEntity, remote, ..FormView::fresh(&draft, &errors) };
            form::again(entity, context, clone_of, shown).await
        }
        SaveError::Store(error) if error.is_transient() => {
            let errors = not_saved(context, &error);
            let shown = FormView { status: Status::ServiceUnavailable, remote, ..FormView::fresh(&draft, &errors) };
            form::again(entity, context, clone_of, shown).await
        }
        SaveError::Unconfirmed(new) => {
            let question = new_names::question(context, entity.fields(), &draft, &new).await?;
            let errors = ValidationErrors::default();
            let status = Status::UnprocessableEntity;
            let shown = FormView { new_names: Some(question), status, ..FormView::fresh(&draft, &errors) };
            form::again(entity, context, clone_of, shown).await
        }
        refusal => Err(refused(refusal)),
    }
}

/// Reads the submitted values; `held` is what the object has already.
///
/// # Errors
/// 413 for more rows than the form may have. They are not shown again: that would take too long.
fn read<D: EntityAdmin>(entity: &D, posted: &FormBody, held: &D::Content) -> Result<Draft, AppError> {
    let read = in_place(|| Draft::read(entity.fields(), held, posted.pairs()));
    let advice = "Nothing was saved. Go back in your browser: your input is still there.";
    read.map_err(|too_many| AppError::TooMany(format!("{too_many} {advice}")))
}

/// Reads the submitted values of a new object. A copy may have as many rows as its original.
async fn read_new<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &FormBody,
    clone_of: Option<i64>,
) -> Result<Draft, AppError> {
    match (read(entity, posted, &entity.blank()), clone_of) {
        (Err(AppError::TooMany(_)), Some(original)) => {
            let mut tx = context.read().await?;
            let found = form::original_of(tx.conn(), entity, context, original).await?;
            read(entity, posted, &found.loaded.content)
        }
        (read, _) => read,
    }
}

/// Saves a new object in its own transaction.
///
/// `prepare`, which takes long, comes before the transaction, because no one else can save during that.
async fn create<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (content, clone_of): (&D::Content, Option<i64>),
) -> Result<Created, SaveError> {
    let prepared = entity.prepare(content).await;
    let extra = SaveContext { prepared, ..extra(entity.options(), context, posted, clone_of) };
    let (tx, created) = attempt(entity, context, (content, extra)).await?;
    new_names::check(&created.saved, posted)?;
    tx.commit().await?;
    Ok(created)
}

/// Adds a new object in a transaction that is still to be committed.
async fn attempt<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    (content, extra): (&D::Content, SaveContext<'_>),
) -> Result<(Transaction, Created), SaveError> {
    let (mut tx, viewer) = context.write().await?;
    let created = entity.create(&mut tx, &viewer, content, &extra).await?;
    Ok((tx, created))
}

/// Returns the errors of the input together with those that an attempt to save it finds, so that the user sees all of them
/// at once. The attempt is rolled back.
fn all_errors<T>(mut errors: ValidationErrors, attempt: Result<T, SaveError>) -> SaveError {
    match attempt {
        Err(SaveError::Rejected(later)) => errors.add_later(later),
        Err(refusal @ (SaveError::Denied(_) | SaveError::Stale | SaveError::Gone)) => return refusal,
        // The database refuses what the input violates.
        Ok(_) | Err(SaveError::Store(_) | SaveError::Unconfirmed(_)) => {}
    }
    errors.into()
}

/// Returns the response after a new object was saved.
async fn added<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    created: Created,
) -> PageResult {
    let (options, saved) = (entity.options(), &created.saved);
    if !created.secret.is_empty() {
        return form::with_secret(entity, context, saved.id, created.secret).await;
    }
    let first = flash::about(&was_added(options, saved), &context.at().change(options.kind, saved.id));
    let lines = std::iter::once(first).chain(saved.side_effects.iter().cloned()).collect();
    Ok(PageResponse::redirect(after(entity, context, posted, saved.id), lines))
}

fn was_added(options: &EntityOptions, saved: &Saved) -> String {
    format!("The {} “{}” was added.", options.kind.info().one, saved.name)
}

/// Returns the response to a form whose object the same form has added a moment ago.
///
/// A secret was shown with the first response, which may be lost: the page offers a new one.
async fn added_before<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    saved: Saved,
) -> PageResult {
    let mut tx = context.read().await?;
    let Some(renewal) = entity.renewal(tx.conn(), saved.id).await? else {
        let lines = vec![was_added(entity.options(), &saved)];
        return Ok(PageResponse::redirect(after(entity, context, posted, saved.id), lines));
    };
    form::with_renewal(tx.conn(), entity, context, saved.id, renewal).await
}

/// Returns the address after a save: the list as it was, or the form again.
fn after<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, posted: &Posted, id: i64) -> String {
    match posted.get(CONTINUE) {
        Some(_) => list_return::carry(entity.options(), context, context.at().change(entity.options().kind, id)),
        None => list_return::address(entity.options(), context),
    }
}

/// Saves the changes of an object.
pub async fn change<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    id: i64,
    form: &PostedForm,
) -> PageResult {
    context.may(entity.options().kind, Action::View)?;
    let mut reading = context.read().await?;
    let Some(found) = entity.find(reading.conn(), id).await? else {
        drop(reading);
        let typed = read(entity, form, &entity.blank())?;
        return gone(entity, context, form, typed).await;
    };
    let (remote, group) = (entity.remote(), entity.group(&found.loaded.content).to_owned());
    let found = match (remote, opened_with::<D>(form)) {
        // The form shows the object as it is on the other server, which POEM may not know yet.
        (Some(_), Some(opened)) => NamedObject { loaded: Loaded { content: opened, ..found.loaded }, ..found },
        _ => found,
    };
    let typed = read(entity, form, &found.loaded.content)?;
    let (draft, focus) =
        edit::applied(with_fixed_fields(entity, typed, &found.loaded.content), entity.fields(), form.get(EDIT));
    let ticks = ticks(entity.options(), form);
    let mode = || FormMode::Change { of: &found };
    let posted = match to_save(context, form, (&draft, focus))? {
        ToSave::Yes(posted) => posted,
        ToSave::No(shown) => {
            drop(reading);
            let remote = for_draft(entity, context, &draft, &found.loaded.content).await?;
            let shown = FormView { ticks: Some(&ticks), opened: opened(form), remote, ..*shown };
            let mut tx = context.read().await?;
            return form::show(tx.conn(), entity, context, mode(), shown).await;
        }
    };
    drop(reading);
    if let Some(remote) = remote
        && !remote.is_complete(&found.loaded.content)
    {
        return reopened(entity, context, id).await;
    }
    let none = ValidationErrors::default();
    let shown_again = |status, remote| FormView {
        status,
        ticks: Some(&ticks),
        opened: opened(posted),
        remote,
        ..FormView::fresh(&draft, &none)
    };
    let action = Action::StartChanging { group: &group };
    let outcome = match (policy::decide(context.viewer()?, entity.options().kind, action), remote) {
        (Ok(()), None) => {
            let target = ExpectedRevision { id, revision: revision(posted)? };
            save(entity, context, posted, (target, &draft, &found)).await.map_err(RemoteRefusal::Save)
        }
        (Ok(()), Some(remote)) => save_remotely(remote, entity, context, posted, (&draft, &found)).await,
        (Err(denial), _) => Err(SaveError::Denied(denial).into()),
    };
    let refusal = match outcome {
        Ok(saved) => {
            let lines = flash_lines(entity, context, posted, (&draft, &saved));
            return Ok(PageResponse::redirect(after(entity, context, posted, id), lines));
        }
        Err(refusal) => refusal,
    };
    let remote = again_for(entity, context, &draft, &found.loaded.content).await?;
    let (errors, shown) = match refusal {
        RemoteRefusal::Failed(status, message) => {
            (ValidationErrors::of_form(message), FormView { status, ..shown_again(Status::BadGateway, remote) })
        }
        RemoteRefusal::Missing => {
            let remote = RemotePart { is_missing: true, ..remote };
            let notice = "Nothing was saved. Your input is below.".to_owned();
            (ValidationErrors::default(), FormView { notice, ..shown_again(Status::Conflict, remote) })
        }
        RemoteRefusal::Changed(theirs) => {
            let theirs = NamedObject { loaded: Loaded { content: *theirs, ..found.loaded }, ..found };
            let by = "somebody else: changed on the ARGO WEB-API".to_owned();
            let base = posted.get(BASE).unwrap_or_default();
            return conflict::show_with(entity, context, (&theirs, by), (&draft, &ticks), base).await;
        }
        RemoteRefusal::Save(SaveError::Rejected(errors)) => (errors, shown_again(Status::UnprocessableEntity, remote)),
        RemoteRefusal::Save(SaveError::Unconfirmed(new)) => {
            let new_names = Some(new_names::question(context, entity.fields(), &draft, &new).await?);
            let shown = FormView { new_names, ..shown_again(Status::UnprocessableEntity, remote) };
            (ValidationErrors::default(), shown)
        }
        // The rights were lost while the form was open: without any, the form would have had no base.
        RemoteRefusal::Save(SaveError::Denied(denial)) if posted.get(BASE).is_some() => {
            let notice = "Nothing was saved. Your input is below.".to_owned();
            let shown = FormView { notice, ..shown_again(Status::Forbidden, remote) };
            (ValidationErrors::of_form(denial.to_string()), shown)
        }
        RemoteRefusal::Save(SaveError::Stale) => {
            if let Some(saved) = changed_before(entity, context, posted, (&draft, &found)).await? {
                let lines = vec![was_changed(entity.options().kind.info().one, &saved.name)];
                return Ok(PageResponse::redirect(after(entity, context, posted, id), lines));
            }
            return conflict::show(entity, context, id, (&draft, &ticks), posted.get(BASE).unwrap_or_default()).await;
        }
        RemoteRefusal::Save(SaveError::Gone) => return gone(entity, context, posted, draft).await,
        RemoteRefusal::Save(SaveError::Store(error)) if error.is_transient() => {
            (not_saved(context, &error), shown_again(Status::ServiceUnavailable, remote))
        }
        RemoteRefusal::Save(refusal) => return Err(refused(refusal)),
    };
    let mut tx = context.read().await?;
    form::show(tx.conn(), entity, context, mode(), FormView { errors: &errors, ..shown }).await
}

/// Saves the input on the other server and in POEM.
async fn save_remotely<D: EntityAdmin>(
    remote: &dyn RemoteStore<D::Content>,
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (draft, found): (&Draft, &NamedObject<D::Content>),
) -> Result<Saved, RemoteRefusal<D::Content>> {
    let opened = &found.loaded.content;
    let content = in_place(|| draft.parse_change(entity.fields(), opened.clone())).map_err(SaveError::from)?;
    let edit = RemoteEdit { opened, content: &content, anew: posted.get(ANEW).is_some() };
    remote.change(context, found.loaded.id, edit).await
}

/// Returns the content that a form was opened with, as it says.
fn opened_with<D: EntityAdmin>(posted: &FormBody) -> Option<D::Content> {
    posted.get(BASE).and_then(|base| serde_json::from_str(base).ok())
}

/// Asks another server for what the form with this input shows. `base` is what the object has.
async fn for_draft<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    draft: &Draft,
    base: &D::Content,
) -> Result<RemotePart, AppError> {
    if entity.remote().is_none() {
        return Ok(RemotePart::default());
    }
    let view = remote_store::view(entity, context, None).await?;
    let (typed, _) = in_place(|| draft.parse_change_all(entity.fields(), base.clone()));
    // The input can still be edited if the other server does not respond.
    Ok(RemotePart { read_only: String::new(), ..view.for_content(&typed) })
}

/// As [`for_draft`], but asks nothing: the save has just done that.
async fn again_for<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    draft: &Draft,
    base: &D::Content,
) -> Result<RemotePart, AppError> {
    if entity.remote().is_none() {
        return Ok(RemotePart::default());
    }
    let view = remote_store::view_again(entity, context).await?;
    let (typed, _) = in_place(|| draft.parse_change_all(entity.fields(), base.clone()));
    Ok(view.for_content(&typed))
}

/// Returns the current form after a form was sent that had been opened before another server was configured.
async fn reopened<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let words = "The configuration of POEM has changed while the form was open, and with it the form. Nothing was \
                 saved. Please enter your changes again.";
    let form = list_return::carry(entity.options(), context, context.at().change(entity.options().kind, id));
    Ok(PageResponse::refusal(form, words.to_owned()))
}

/// Returns the object if the viewer has saved the same input a moment ago; else `None`.
async fn changed_before<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (draft, found): (&Draft, &NamedObject<D::Content>),
) -> Result<Option<Saved>, AppError> {
    let parsed = in_place(|| draft.parse_change(entity.fields(), found.loaded.content.clone()));
    let Ok(content) = parsed else { return Ok(None) };
    let extra = extra(entity.options(), context, posted, None);
    repeat::changed(entity, context, found.loaded.id, &content, &extra).await
}

/// Saves the input, unless the object was changed since the form was opened.
async fn save<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (target, draft, found): (ExpectedRevision, &Draft, &NamedObject<D::Content>),
) -> Result<Saved, SaveError> {
    let (content, errors) = in_place(|| draft.parse_change_all(entity.fields(), found.loaded.content.clone()));
    let (mut tx, viewer) = context.write().await?;
    let extra = extra(entity.options(), context, posted, None);
    let saved = entity.change(&mut tx, &viewer, target, &content, &extra).await;
    // A save conflict is reported before the errors of the input.
    if !errors.is_empty() {
        return Err(all_errors(errors, saved));
    }
    let saved = saved?;
    new_names::check(&saved, posted)?;
    tx.commit().await?;
    Ok(saved)
}

/// Logs why the database did not save the input. Returns the message for the form, which is shown again.
fn not_saved(context: &RequestContext<'_>, error: &StoreError) -> ValidationErrors {
    log::warn!("POST {}: {error}", context.path);
    ValidationErrors::of_form(
        "Nothing was saved: the database does not take changes at the moment. Please try again shortly.",
    )
}

/// Returns the form of a new object with the input, after the object was deleted while its form was open.
async fn gone<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, posted: &FormBody, typed: Draft) -> PageResult {
    // A request without a base did not come from a form.
    let base = posted.get(BASE).and_then(|base| serde_json::from_str::<D::Content>(base).ok()).ok_or(NOT_FOUND)?;
    let draft = with_fixed_fields(entity, typed, &base);
    let one = entity.options().kind.info().one;
    let notice =
        format!("This {one} was deleted while the form was open. Your input is below; saving it creates a new {one}.");
    let nothing = ValidationErrors::default();
    let shown = FormView { notice, status: Status::NotFound, ..FormView::fresh(&draft, &nothing) };
    form::again(entity, context, None, shown).await
}

fn was_changed(one: &str, name: &str) -> String {
    format!("The {one} “{name}” was changed.")
}

/// Returns the flash messages after a save. The first one leads to the object.
///
/// A form that differs from what it was opened with, but not from what is stored, was sent before.
fn flash_lines<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (draft, saved): (&Draft, &Saved),
) -> Vec<String> {
    let about = |line: String| flash::about(&line, &context.at().change(entity.options().kind, saved.id));
    let first = was_changed(entity.options().kind.info().one, &saved.name);
    if saved.message == wording::NOTHING {
        // Of other objects, the revision would have shown that.
        let base = posted
            .get(BASE)
            .filter(|_| posted.get(REVISION) == Some("0"))
            .and_then(|base| serde_json::from_str::<D::Content>(base).ok());
        let is_edited = base.is_some_and(|base| {
            in_place(|| draft.parse_change(entity.fields(), base.clone())).is_ok_and(|typed| typed != base)
        });
        return vec![about(if is_edited { first } else { "No changes to save.".to_owned() })];
    }
    let first = about(format!("{first} {}", saved.message));
    std::iter::once(first).chain(saved.side_effects.iter().cloned()).collect()
}

/// The decision about a form: it is to be saved, or to be shown again first.
enum ToSave<'f, 'v> {
    Yes(&'f Posted),
    No(Box<FormView<'v>>),
}

/// Decides whether a form is to be saved now.
///
/// It is only shown again if it could not be verified, if another user has opened it in this browser, after the button
/// for more rows or a change of groups, and after a new login.
fn to_save<'f: 'v, 'v>(
    context: &RequestContext<'_>,
    form: &'f PostedForm,
    (draft, focus): (&'v Draft, Option<(&'static str, Focus)>),
) -> Result<ToSave<'f, 'v>, AppError> {
    static NOTHING: ValidationErrors = ValidationErrors { errors: Vec::new() };
    let more_rows = form.get(MORE);
    let no = |status, notice: String| {
        Ok(ToSave::No(Box::new(FormView { more_rows, focus, notice, status, ..FormView::fresh(draft, &NOTHING) })))
    };
    let viewer = context.viewer()?;
    match form {
        PostedForm::Unverified(_) => no(Status::Forbidden, csrf::NOT_VERIFIED.to_owned()),
        PostedForm::Verified(posted) if posted.get(RESUME).is_some() => {
            no(Status::Ok, "This is your input from before you logged in again. Nothing is saved yet.".to_owned())
        }
        PostedForm::Verified(posted) if !posted.is_of(viewer.id) => no(Status::Conflict, other_user(&viewer.username)),
        PostedForm::Verified(_) if more_rows.is_some() || form.get(EDIT).is_some() => no(Status::Ok, String::new()),
        PostedForm::Verified(posted) => Ok(ToSave::Yes(posted)),
    }
}

/// Adds the fields that can be set only on a new object, and those that are only shown: the form does not send them.
fn with_fixed_fields<D: EntityAdmin>(entity: &D, mut draft: Draft, before: &D::Content) -> Draft {
    let current = Draft::of(entity.fields(), before);
    for field in entity.fields().iter().filter(|field| field.only_at_first || field.read_only) {
        if let Some(typed) = current.get(field.name) {
            draft.set(field.name, typed.clone());
        }
    }
    draft
}

/// Returns the revision and the base that the form was first opened with.
///
/// They stay the same while the form is shown again, so that a later save detects the changes of others.
fn opened(posted: &FormBody) -> Option<(String, String)> {
    Some((posted.get(REVISION)?.to_owned(), posted.get(BASE)?.to_owned()))
}

fn revision(posted: &Posted) -> Result<i64, AppError> {
    let revision = posted.get(REVISION).and_then(|revision| revision.parse().ok());
    revision.ok_or_else(|| AppError::Malformed("The form does not contain the revision of the object.".into()))
}

fn ticks(options: &EntityOptions, posted: &FormBody) -> Vec<&'static str> {
    options.ticks.iter().map(|tick| tick.name).filter(|name| posted.get(name).is_some()).collect()
}

fn extra<'a>(
    options: &EntityOptions,
    context: &RequestContext<'a>,
    posted: &Posted,
    clone_of: Option<i64>,
) -> SaveContext<'a> {
    SaveContext {
        ticks: ticks(options, posted).into_iter().collect(),
        clone_of,
        keys: context.keys,
        tenant: context.tenant.tenant(),
        prepared: String::new(),
    }
}
