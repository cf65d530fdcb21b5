//! Forms that are filled from a file: the input is replaced by what the file says, and nothing is saved.

use super::entity_admin::EntityAdmin;
use super::form_fields::{IMPORT, IMPORT_TEXT};
use super::request_context::RequestContext;
use crate::auth::posted::PostedForm;
use crate::blocking::in_place;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::error::AppError;

/// The input after a file was imported, and the errors of the file.
pub struct FilledForm {
    /// The input; that of the form if the file is wrong.
    pub draft: Draft,
    /// The errors; empty if the form was filled.
    pub errors: ValidationErrors,
}

impl FilledForm {
    /// Returns the message of the form.
    pub fn notice(&self) -> String {
        match self.errors.is_empty() {
            true => "The form was filled from the file. Nothing is saved yet.".to_owned(),
            false => String::new(),
        }
    }
}

/// Imports the file of a form if its button was pressed. `base` is what the object has.
pub async fn requested<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    form: &PostedForm,
    (draft, base): (&Draft, &D::Content),
) -> Result<Option<FilledForm>, AppError> {
    let (PostedForm::Verified(posted), Some(remote)) = (form, entity.remote()) else { return Ok(None) };
    if posted.get(IMPORT).is_none() {
        return Ok(None);
    }
    let (typed, _) = in_place(|| draft.parse_change_all(entity.fields(), base.clone()));
    let file = posted.get(IMPORT_TEXT).unwrap_or_default();
    Ok(Some(match remote.import(context, &typed, file).await? {
        Ok(content) => {
            let filled = Draft::of(entity.fields(), &content).with_reason_of(draft);
            FilledForm { draft: filled, errors: ValidationErrors::default() }
        }
        Err(errors) => FilledForm { draft: draft.clone(), errors },
    }))
}
