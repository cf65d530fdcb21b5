//! The input of a posted form: it is read, decided whether it is to be saved, and shown again.

use rocket::http::Status;

use super::entity_admin::{EntityAdmin, SaveContext};
use super::form::{self, FormView};
use super::form_fields::{BASE, EDIT, MORE, REVISION};
use super::list_return;
use super::options::EntityOptions;
use super::request_context::RequestContext;
use crate::auth::csrf;
use crate::auth::posted::{Posted, PostedForm, other_user};
use crate::blocking::in_place;
use crate::domain::form::change_reason;
use crate::domain::form::edit::Focus;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::error::AppError;
use crate::http::body::FormBody;
use crate::registry::SaveError;
use crate::store::StoreError;
use crate::templates::login_page::RESUME;

/// The button that saves and then shows the form again.
const CONTINUE: &str = "_continue";

/// The button that saves a new object and then shows the form of the next one.
const ADD_ANOTHER: &str = "_addanother";

/// The decision about a form: it is to be saved, or to be shown again first.
pub(super) enum ToSave<'f, 'v> {
    Yes(&'f Posted),
    No(Box<FormView<'v>>),
}

/// Decides whether a form is to be saved now.
///
/// It is only shown again if it could not be verified, if another user has opened it in this browser, after the button
/// for more rows or a change of groups, and after a new login.
pub(super) fn to_save<'f: 'v, 'v>(
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
pub(super) fn with_fixed_fields<D: EntityAdmin>(entity: &D, mut draft: Draft, before: &D::Content) -> Draft {
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
pub(super) fn opened(posted: &FormBody) -> Option<(String, String)> {
    Some((posted.get(REVISION)?.to_owned(), posted.get(BASE)?.to_owned()))
}

pub(super) fn revision(posted: &Posted) -> Result<i64, AppError> {
    let revision = posted.get(REVISION).and_then(|revision| revision.parse().ok());
    revision.ok_or_else(|| AppError::Malformed("The form does not contain the revision of the object.".into()))
}

/// Returns the typed reason for a change; `None` if there is none.
pub(super) fn reason(posted: &FormBody) -> Result<Option<String>, ValidationErrors> {
    change_reason::parse(posted.get(change_reason::INPUT).unwrap_or_default())
}

pub(super) fn ticks(options: &EntityOptions, posted: &FormBody) -> Vec<&'static str> {
    options.ticks.iter().map(|tick| tick.name).filter(|name| posted.get(name).is_some()).collect()
}

pub(super) fn extra<'a>(
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
        change_reason: reason(posted).unwrap_or_default(),
    }
}

/// Reads the submitted values; `held` is what the object has already.
///
/// # Errors
/// 413 for more rows than the form may have. They are not shown again: that would take too long.
pub(super) fn read<D: EntityAdmin>(entity: &D, posted: &FormBody, held: &D::Content) -> Result<Draft, AppError> {
    let read = in_place(|| Draft::read(entity.fields(), held, posted.pairs()));
    let advice = "Nothing was saved. Go back in your browser: your input is still there.";
    read.map_err(|too_many| AppError::TooMany(format!("{too_many} {advice}")))
}

/// Reads the submitted values of a new object. A copy may have as many rows as its original.
pub(super) async fn read_new<D: EntityAdmin>(
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

/// Returns the content that a form was opened with, as it says.
pub(super) fn opened_with<D: EntityAdmin>(posted: &FormBody) -> Option<D::Content> {
    posted.get(BASE).and_then(|base| serde_json::from_str(base).ok())
}

/// Returns the address after a save: the list as it was, the form again, or the form of the next object.
pub(super) fn after<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, posted: &Posted, id: i64) -> String {
    let (options, at) = (entity.options(), context.at());
    match (posted.get(CONTINUE), posted.get(ADD_ANOTHER)) {
        (Some(_), _) => list_return::carry(options, context, at.change(options.kind, id)),
        (None, Some(_)) => list_return::carry(options, context, at.addition(options.kind)),
        (None, None) => list_return::address(options, context),
    }
}

/// Logs why the database did not save the input. Returns the message for the form, which is shown again.
pub(super) fn not_saved(context: &RequestContext<'_>, error: &StoreError) -> ValidationErrors {
    log::warn!("POST {}: {error}", context.path);
    ValidationErrors::of_form(
        "Nothing was saved: the database does not take changes at the moment. Please try again shortly.",
    )
}

/// Returns the errors of the input together with those that an attempt to save it finds, so that the user sees all of them
/// at once. The attempt is rolled back.
pub(super) fn all_errors<T>(mut errors: ValidationErrors, attempt: Result<T, SaveError>) -> SaveError {
    match attempt {
        Err(SaveError::Rejected(later)) => errors.add_later(later),
        Err(refusal @ (SaveError::Denied(_) | SaveError::Stale | SaveError::Gone)) => return refusal,
        // The database refuses what the input violates.
        Ok(_) | Err(SaveError::Store(_) | SaveError::Unconfirmed(_)) => {}
    }
    errors.into()
}

/// Returns the status of a form that is shown with these errors.
pub(super) fn status_of(errors: &ValidationErrors) -> Status {
    if errors.is_empty() { Status::Ok } else { Status::UnprocessableEntity }
}
