//! New objects: a posted form is saved, or shown again with its errors. Changes are in `save_change`.

use rocket::http::Status;

use super::entity_admin::{Created, EntityAdmin, SaveContext};
use super::form::{self, FormView};
use super::form_fields::EDIT;
use super::import;
use super::new_names;
use super::options::EntityOptions;
use super::remote_store::RemoteRefusal;
use super::remote_view::{self, for_draft};
use super::repeat;
use super::request_context::{RequestContext, refused};
use super::response::{PageResponse, PageResult};
use super::save_input::{self, ToSave, after, all_errors, extra, not_saved, read_new, status_of, to_save};
use super::undelete::{self, Asked, Returning, was_restored};
use super::undo;
use crate::auth::csrf;
use crate::auth::flash;
use crate::auth::posted::{Posted, PostedForm};
use crate::blocking::in_place;
use crate::domain::form::edit;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::Action;
use crate::error::{AppError, NOT_FOUND};
use crate::registry::undo::offer;
use crate::registry::{SaveError, Saved, Transaction};

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
    let returning = match undelete::asked(entity, context).await? {
        Asked::None => None,
        Asked::Returning(returning) => Some(*returning),
        Asked::Repeated(saved) => return returned_before(entity, context, form, saved),
        Asked::Refused(refusal) => return Ok(refusal),
    };
    let read = match &returning {
        Some(Returning { content, at_once: true, .. }) => Draft::of(entity.fields(), content),
        Some(returning) => save_input::read(entity, form, &returning.content)?,
        None => read_new(entity, context, form, clone_of).await?,
    };
    let (draft, focus) = edit::applied(read, entity.fields(), form.get(EDIT));
    if let Some(filled) = import::requested(entity, context, form, (&draft, &entity.blank())).await? {
        let remote = for_draft(entity, context, &filled.draft, &entity.blank()).await?;
        let (notice, status) = (filled.notice(), status_of(&filled.errors));
        let shown = FormView { notice, status, remote, ..FormView::fresh(&filled.draft, &filled.errors) };
        return form::again(entity, context, clone_of, shown).await;
    }
    let posted = match to_save(context, form, (&draft, focus))? {
        ToSave::Yes(posted) => posted,
        ToSave::No(shown) => {
            let shown = FormView { remote: for_draft(entity, context, &draft, &entity.blank()).await?, ..*shown };
            return form::again(entity, context, clone_of, shown).await;
        }
    };
    let base = match &returning {
        Some(returning) => Some(returning.content.clone()),
        None => copied(entity, context, clone_of).await?,
    };
    let (content, mut errors) = match base {
        Some(base) => in_place(|| draft.parse_change_all(entity.fields(), base)),
        None => in_place(|| draft.parse_all(entity.fields(), entity.blank())),
    };
    let is_valid = errors.is_empty();
    let outcome = match (entity.remote(), is_valid) {
        (None, true) => {
            let again = returning.as_ref().map(|returning| returning.entry);
            create(entity, context, posted, (&content, clone_of, again)).await.map_err(RemoteRefusal::Save)
        }
        (None, false) => {
            let again = returning.as_ref().map(|returning| returning.entry);
            let extra = extra(entity.options(), context, posted, clone_of);
            Err(all_errors(errors, attempt(entity, context, (&content, extra, again)).await).into())
        }
        (Some(remote), true) => remote.add(context, &content, clone_of).await.map(Created::from),
        (Some(remote), false) => {
            // All errors are shown at once.
            errors.add_later(remote.errors(context, (None, &entity.blank()), &content).await?);
            Err(SaveError::from(errors).into())
        }
    };
    let (refusal, remote) = match outcome {
        Ok(created) => return added(entity, context, posted, (created, returning)).await,
        Err(refusal) => (refusal, remote_view::view_again(entity, context).await?.for_content(&content)),
    };
    let refusal = match refusal {
        RemoteRefusal::Save(refusal) => refusal,
        RemoteRefusal::Failed(status, message) => {
            let errors = ValidationErrors::of_form(message);
            let shown = FormView { status, remote, ..FormView::fresh(&draft, &errors) };
            return form::again(entity, context, clone_of, shown).await;
        }
        RemoteRefusal::Changed(..) | RemoteRefusal::Missing(_) => SaveError::Stale,
    };
    match refusal {
        SaveError::Rejected(errors) => {
            if is_valid
                && returning.is_none()
                && let Some(saved) =
                    repeat::added(entity, context, &content, &extra(entity.options(), context, posted, clone_of))
                        .await?
            {
                return added_before(entity, context, posted, saved).await;
            }
            let notice = returning.map(|returning| returning.notice()).unwrap_or_default();
            let status = Status::UnprocessableEntity;
            let shown = FormView { status, remote, notice, ..FormView::fresh(&draft, &errors) };
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

/// Returns what a copy starts with if another server stores the objects as well: more than the form shows is copied.
async fn copied<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    clone_of: Option<i64>,
) -> Result<Option<D::Content>, AppError> {
    let (Some(remote), Some(original)) = (entity.remote(), clone_of) else { return Ok(None) };
    let mut tx = context.read().await?;
    let found = form::original_of(tx.conn(), entity, context, original).await?;
    tx.commit().await?;
    Ok(remote.copy_of(&found.loaded.content))
}

/// Saves a new object in its own transaction.
///
/// `prepare`, which takes long, comes before the transaction, because no one else can save during that.
async fn create<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (content, clone_of, again): (&D::Content, Option<i64>, Option<i64>),
) -> Result<Created, SaveError> {
    let prepared = entity.prepare(content).await;
    let extra = SaveContext { prepared, ..extra(entity.options(), context, posted, clone_of) };
    let (mut tx, mut created) = attempt(entity, context, (content, extra, again)).await?;
    offer(tx.conn(), entity.options().kind, &mut created.saved).await?;
    new_names::check(&created.saved, posted)?;
    tx.commit().await?;
    Ok(created)
}

/// Adds a new object, or one again whose deletion the log entry `again` records, in a transaction that is still to be
/// committed.
async fn attempt<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    (content, extra, again): (&D::Content, SaveContext<'_>, Option<i64>),
) -> Result<(Transaction, Created), SaveError> {
    let (mut tx, viewer) = context.write().await?;
    tx.set_change_reason(extra.change_reason.clone());
    let created = match again {
        Some(entry) => undelete::restore(&mut tx, &viewer, (entity.options().kind, entry), content).await?.into(),
        None => entity.create(&mut tx, &viewer, content, &extra).await?,
    };
    Ok((tx, created))
}

/// Returns the response after a new object was saved.
async fn added<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    posted: &Posted,
    (created, returning): (Created, Option<Returning<D::Content>>),
) -> PageResult {
    let (options, saved) = (entity.options(), &created.saved);
    if !created.secret.is_empty() {
        return form::with_secret(entity, context, saved.id, created.secret).await;
    }
    let object = context.at().view(options.kind, saved.id);
    let (first, next, left_out) = match returning {
        None => (was_added(options, saved), after(entity, context, posted, saved.id), Vec::new()),
        Some(Returning { left_out, at_once, .. }) => {
            (was_restored(options.kind, &saved.name), object.clone(), if at_once { left_out } else { Vec::new() })
        }
    };
    let first = undo::button(context, options.kind, saved, &flash::about(&first, &object));
    let lines = std::iter::once(first).chain(left_out).chain(saved.side_effects.iter().cloned()).collect();
    Ok(PageResponse::redirect(next, lines))
}

/// Returns the response to a form whose object the same form has added again a moment ago.
fn returned_before<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    form: &PostedForm,
    saved: Saved,
) -> PageResult {
    let kind = entity.options().kind;
    match form {
        PostedForm::Verified(_) => {
            let lines = vec![was_restored(kind, &saved.name)];
            Ok(PageResponse::redirect(context.at().view(kind, saved.id), lines))
        }
        PostedForm::Unverified(_) => Err(csrf::NOT_OUR_FORM),
    }
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
