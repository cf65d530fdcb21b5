//! The changes of an object: a posted form is saved, shown again with its errors, or shown with the changes of others.

use rocket::http::Status;

use super::conflict;
use super::entity_admin::EntityAdmin;
use super::form::{self, FormMode, FormView};
use super::form_fields::{ANEW, BASE, EDIT, REVISION};
use super::import;
use super::named_object::NamedObject;
use super::new_names;
use super::remote_store::{RemoteEdit, RemotePart, RemoteRefusal, RemoteStore};
use super::remote_view::{self, again_for, for_draft};
use super::repeat;
use super::request_context::{RequestContext, refused};
use super::response::{PageResponse, PageResult};
use super::save_input::{
    ToSave, after, all_errors, extra, not_saved, opened, opened_with, read, revision, status_of, ticks, to_save,
    with_fixed_fields,
};
use super::undo;
use crate::auth::flash;
use crate::auth::posted::{Posted, PostedForm};
use crate::blocking::in_place;
use crate::domain::form::edit;
use crate::domain::form::submitted::Draft;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::{self, Action};
use crate::domain::model::wording;
use crate::error::{AppError, NOT_FOUND};
use crate::http::body::FormBody;
use crate::registry::undo::offer;
use crate::registry::{ExpectedRevision, SaveError, Saved};
use crate::store::Loaded;

/// The message of a form whose save was refused for a reason that is not in its fields.
const NOTHING_SAVED: &str = "Nothing was saved. Your input is below.";

/// A submitted change of an object.
struct SubmittedChange<'a, D: EntityAdmin> {
    entity: &'a D,
    context: &'a RequestContext<'a>,
    posted: &'a Posted,
    draft: &'a Draft,
    ticks: &'a [&'static str],
    /// The object; as it is on another server, if that stores it as well.
    found: &'a NamedObject<D::Content>,
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
    drop(reading);
    let group = entity.group(&found.loaded.content).to_owned();
    let found = match (entity.remote(), opened_with::<D>(form)) {
        // The form shows the object as it is on the other server, which POEM may not know yet.
        (Some(_), Some(opened)) => NamedObject { loaded: Loaded { content: opened, ..found.loaded }, ..found },
        _ => found,
    };
    let typed = read(entity, form, &found.loaded.content)?;
    if entity.remote().is_some_and(|remote| !remote.is_complete(&found.loaded.content)) {
        return reopened(entity, context, (id, &typed), form).await;
    }
    let (draft, focus) =
        edit::applied(with_fixed_fields(entity, typed, &found.loaded.content), entity.fields(), form.get(EDIT));
    let ticks = ticks(entity.options(), form);
    if let Some(filled) = import::requested(entity, context, form, (&draft, &found.loaded.content)).await? {
        let remote = for_draft(entity, context, &filled.draft, &found.loaded.content).await?;
        let (notice, status, opened) = (filled.notice(), status_of(&filled.errors), opened(form));
        let shown = FormView { notice, status, remote, opened, ..FormView::fresh(&filled.draft, &filled.errors) };
        let mut tx = context.read().await?;
        return form::show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await;
    }
    let posted = match to_save(context, form, (&draft, focus))? {
        ToSave::Yes(posted) => posted,
        ToSave::No(shown) => {
            let remote = for_draft(entity, context, &draft, &found.loaded.content).await?;
            let shown = FormView { ticks: Some(&ticks), opened: opened(form), remote, ..*shown };
            let mut tx = context.read().await?;
            return form::show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await;
        }
    };
    let submitted = SubmittedChange { entity, context, posted, draft: &draft, ticks: &ticks, found: &found };
    let action = Action::StartChanging { group: &group };
    let outcome = match (policy::decide(context.viewer()?, entity.options().kind, action), entity.remote()) {
        (Ok(()), None) => {
            let target = ExpectedRevision { id, revision: revision(posted)? };
            submitted.save(target).await.map_err(RemoteRefusal::Save)
        }
        (Ok(()), Some(remote)) => submitted.save_remotely(remote).await,
        (Err(denial), _) => Err(SaveError::Denied(denial).into()),
    };
    match outcome {
        Ok(saved) => {
            let lines = flash_lines(entity, context, posted, (&draft, &saved));
            Ok(PageResponse::redirect(after(entity, context, posted, id), lines))
        }
        Err(RemoteRefusal::Save(refusal)) => submitted.refused(refusal).await,
        Err(refusal) => submitted.refused_remotely(refusal).await,
    }
}

impl<D: EntityAdmin> SubmittedChange<'_, D> {
    /// Saves the input, unless the object was changed since the form was opened.
    async fn save(&self, target: ExpectedRevision) -> Result<Saved, SaveError> {
        let before = self.found.loaded.content.clone();
        let (content, errors) = in_place(|| self.draft.parse_change_all(self.entity.fields(), before));
        let (mut tx, viewer) = self.context.write().await?;
        let extra = extra(self.entity.options(), self.context, self.posted, None);
        tx.set_change_reason(extra.change_reason.clone());
        let saved = self.entity.change(&mut tx, &viewer, target, &content, &extra).await;
        // A save conflict is reported before the errors of the input.
        if !errors.is_empty() {
            return Err(all_errors(errors, saved));
        }
        let mut saved = saved?;
        offer(tx.conn(), self.entity.options().kind, &mut saved).await?;
        new_names::check(&saved, self.posted)?;
        tx.commit().await?;
        Ok(saved)
    }

    /// Saves the input on the other server and in POEM.
    async fn save_remotely(&self, remote: &dyn RemoteStore<D::Content>) -> Result<Saved, RemoteRefusal<D::Content>> {
        let opened = &self.found.loaded.content;
        let (content, mut errors) = in_place(|| self.draft.parse_change_all(self.entity.fields(), opened.clone()));
        if !errors.is_empty() {
            // All errors are shown at once.
            let edited = (Some(self.found.loaded.id), opened);
            if let Ok(others) = remote.errors(self.context, edited, &content).await {
                errors.add_later(others);
            }
            return Err(SaveError::from(errors).into());
        }
        let edit = RemoteEdit { opened, content: &content, anew: self.posted.get(ANEW).is_some() };
        remote.change(self.context, self.found.loaded.id, edit).await
    }

    /// Returns the response to a save that POEM has refused.
    async fn refused(&self, refusal: SaveError) -> PageResult {
        let (errors, shown) = match refusal {
            SaveError::Rejected(errors) => (errors, self.again(Status::UnprocessableEntity).await?),
            SaveError::Unconfirmed(new) => {
                let question = new_names::question(self.context, self.entity.fields(), self.draft, &new).await?;
                let shown = self.again(Status::UnprocessableEntity).await?;
                (ValidationErrors::default(), FormView { new_names: Some(question), ..shown })
            }
            // The rights were lost while the form was open: without any, the form would have had no base.
            SaveError::Denied(denial) if self.posted.get(BASE).is_some() => {
                let shown = self.again(Status::Forbidden).await?;
                let notice = NOTHING_SAVED.to_owned();
                (ValidationErrors::of_form(denial.to_string()), FormView { notice, ..shown })
            }
            SaveError::Stale => return self.conflict().await,
            SaveError::Gone => return gone(self.entity, self.context, self.posted, self.draft.clone()).await,
            SaveError::Store(error) if error.is_transient() => {
                (not_saved(self.context, &error), self.again(Status::ServiceUnavailable).await?)
            }
            refusal => return Err(refused(refusal)),
        };
        self.show(&errors, shown).await
    }

    /// Returns the response to a save that was not completed on another server.
    async fn refused_remotely(&self, refusal: RemoteRefusal<D::Content>) -> PageResult {
        let (errors, shown) = match refusal {
            RemoteRefusal::Save(refusal) => return self.refused(refusal).await,
            RemoteRefusal::Failed(status, message) => (ValidationErrors::of_form(message), self.again(status).await?),
            RemoteRefusal::Missing(missing) => {
                let shown = self.again(Status::Conflict).await?;
                let remote = RemotePart { missing, ..shown.remote };
                (ValidationErrors::default(), FormView { notice: NOTHING_SAVED.to_owned(), remote, ..shown })
            }
            RemoteRefusal::Changed(theirs, by) => {
                let found = &self.found.loaded;
                let theirs = NamedObject {
                    loaded: Loaded { id: found.id, revision: found.revision, content: *theirs },
                    name: self.found.name.clone(),
                };
                let mine = (self.draft, self.ticks);
                return conflict::show_with(
                    self.entity,
                    self.context,
                    (&theirs, format!("Saved by {by}.")),
                    mine,
                    self.base(),
                )
                .await;
            }
        };
        self.show(&errors, shown).await
    }

    /// Returns the page of a save conflict, or of the first of two equal submits.
    async fn conflict(&self) -> PageResult {
        let (entity, context, id) = (self.entity, self.context, self.found.loaded.id);
        if let Some(saved) = self.changed_before().await? {
            let lines = vec![was_changed(entity.options().kind.info().one, &saved.name)];
            return Ok(PageResponse::redirect(after(entity, context, self.posted, id), lines));
        }
        conflict::show(entity, context, id, (self.draft, self.ticks), self.base()).await
    }

    /// Returns the object if the viewer has saved the same input a moment ago; else `None`.
    async fn changed_before(&self) -> Result<Option<Saved>, AppError> {
        let before = self.found.loaded.content.clone();
        let parsed = in_place(|| self.draft.parse_change(self.entity.fields(), before));
        let Ok(content) = parsed else { return Ok(None) };
        let extra = extra(self.entity.options(), self.context, self.posted, None);
        repeat::changed(self.entity, self.context, self.found.loaded.id, &content, &extra).await
    }

    fn base(&self) -> &str {
        self.posted.get(BASE).unwrap_or_default()
    }

    /// Returns the form with the input, with this status.
    async fn again(&self, status: Status) -> Result<FormView<'_>, AppError> {
        static NOTHING: ValidationErrors = ValidationErrors { errors: Vec::new() };
        let remote = again_for(self.entity, self.context, self.draft, &self.found.loaded.content).await?;
        let opened = opened(self.posted);
        Ok(FormView { status, ticks: Some(self.ticks), opened, remote, ..FormView::fresh(self.draft, &NOTHING) })
    }

    async fn show(&self, errors: &ValidationErrors, shown: FormView<'_>) -> PageResult {
        let mut tx = self.context.read().await?;
        let mode = FormMode::Change { of: self.found };
        form::show(tx.conn(), self.entity, self.context, mode, FormView { errors, ..shown }).await
    }
}

/// Returns the current form, with the input as far as it has the same fields, after a form was sent that had been opened
/// before another server was configured.
async fn reopened<D: EntityAdmin>(
    entity: &D,
    context: &RequestContext<'_>,
    (id, typed): (i64, &Draft),
    form: &FormBody,
) -> PageResult {
    let mut tx = context.read().await?;
    let mut found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    tx.commit().await?;
    let view = remote_view::view(entity, context, Some(&found)).await?;
    if let Some(content) = &view.content {
        found.loaded.content = content.clone();
    }
    let mut draft = Draft::of(entity.fields(), &found.loaded.content);
    for field in entity.fields().iter().filter(|field| form.get(field.name).is_some()) {
        if let Some(value) = typed.get(field.name) {
            draft.set(field.name, value.clone());
        }
    }
    let notice =
        "The configuration of POEM has changed while the form was open, and with it the form. Nothing was saved. \
                  Check your input below and save again."
            .to_owned();
    let nothing = ValidationErrors::default();
    let remote = view.for_content(&found.loaded.content);
    let shown = FormView { notice, remote, status: Status::Conflict, ..FormView::fresh(&draft, &nothing) };
    let mut tx = context.read().await?;
    form::show(tx.conn(), entity, context, FormMode::Change { of: &found }, shown).await
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
    let about = |line: String| flash::about(&line, &context.at().view(entity.options().kind, saved.id));
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
    let first = undo::button(context, entity.options().kind, saved, &first);
    std::iter::once(first).chain(saved.side_effects.iter().cloned()).collect()
}
