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
use super::save_input::{ToSave, after, all_errors, extra, not_saved, read_new, status_of, to_save};
use crate::auth::csrf;
use crate::auth::flash;
use crate::auth::posted::{Posted, PostedForm};
use crate::blocking::in_place;
use crate::domain::form::edit;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::Action;
use crate::error::{AppError, NOT_FOUND};
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
    let (draft, focus) =
        edit::applied(read_new(entity, context, form, clone_of).await?, entity.fields(), form.get(EDIT));
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
    let (content, mut errors) = match copied(entity, context, clone_of).await? {
        Some(copied) => in_place(|| draft.parse_change_all(entity.fields(), copied)),
        None => in_place(|| draft.parse_all(entity.fields(), entity.blank())),
    };
    let is_valid = errors.is_empty();
    let outcome = match (entity.remote(), is_valid) {
        (None, true) => create(entity, context, posted, (&content, clone_of)).await.map_err(RemoteRefusal::Save),
        (None, false) => {
            let extra = extra(entity.options(), context, posted, clone_of);
            Err(all_errors(errors, attempt(entity, context, (&content, extra)).await).into())
        }
        (Some(remote), true) => remote.add(context, &content, clone_of).await.map(Created::from),
        (Some(remote), false) => {
            // All errors are shown at once.
            errors.add_later(remote.errors(context, (None, &entity.blank()), &content).await?);
            Err(SaveError::from(errors).into())
        }
    };
    let (refusal, remote) = match outcome {
        Ok(created) => return added(entity, context, posted, created).await,
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
    tx.set_change_reason(extra.change_reason.clone());
    let created = entity.create(&mut tx, &viewer, content, &extra).await?;
    Ok((tx, created))
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
