//! Changes and deletions of many objects of a list: what is to be done, a preview, and one transaction.
//!
//! Every step is posted, because the objects do not fit into an address. Only the last one writes.

use std::collections::HashMap;

use rocket::http::Status;
use sqlx::PgConnection;

use super::bulk_request::{BulkRequest, CHANGE_ALL, COMPARE, DELETE, DELETE_ALL, EDIT, MAX_OBJECTS, Outcome, PREVIEW};
use super::bulk_view;
use super::compare;
use super::entity_admin::EntityAdmin;
use super::history;
use super::list_return;
use super::new_names;
use super::request_context::{RequestContext, refused};
use super::response::{self, PageResponse, PageResult};
use crate::auth::posted::Posted;
use crate::blocking::in_place;
use crate::domain::form::bulk_edit::BulkEdit;
use crate::domain::form::rows_edit::is_table;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::policy::{Action, Viewer, decide};
use crate::error::{AppError, NOT_FOUND};
use crate::registry::bulk::{Each, PlannedChange, Wanted};
use crate::registry::{ExpectedRevision, SaveError};
use crate::store::Loaded;
use crate::templates::bulk_page::{BulkPreviewPage, STEP};
use crate::templates::{Layout, Page};

/// Does the step that the form asks for; 404 if the entity's objects cannot be changed together.
pub async fn act<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, posted: &Posted) -> PageResult {
    let store = entity.bulk().ok_or(NOT_FOUND)?;
    let list = list_return::address(entity.options(), context);
    if let Some(refusal) = context.refusal_of_other_user_at(posted, &list) {
        return Ok(refusal);
    }
    context.may(entity.options().kind, Action::StartAdding)?;
    let request = BulkRequest { entity, store, context, posted };
    match posted.get(STEP).unwrap_or_default() {
        CHANGE_ALL => request.change_all().await,
        DELETE_ALL => request.delete_all().await,
        COMPARE => Ok(request.compare()),
        step => request.show(step).await,
    }
}

/// Returns the form that reads the rows of one object from a table. It is posted like that of many objects.
///
/// # Errors
/// 404 if the entity has no such rows, 403 if the viewer may not change the object.
pub async fn import_form<D: EntityAdmin>(entity: &D, context: &RequestContext<'_>, id: i64) -> PageResult {
    let store = entity.bulk().ok_or(NOT_FOUND)?;
    let has_table = entity.fields().iter().any(|field| is_table(field) && store.fields().contains(&field.name));
    if !has_table {
        return Err(NOT_FOUND);
    }
    let mut tx = context.read().await?;
    let found = entity.find(tx.conn(), id).await?.ok_or(NOT_FOUND)?;
    context.may(entity.options().kind, Action::StartChanging { group: entity.group(&found.loaded.content) })?;
    let request = BulkRequest { entity, store, context, posted: &Posted::default() };
    let page = bulk_view::import(&request, &found);
    response::page(Page::new(history::layout(entity, context, &found, &[("Import", "")]), page))
}

impl<D: EntityAdmin> BulkRequest<'_, D> {
    /// Returns the page of a step that writes nothing.
    async fn show(&self, step: &str) -> PageResult {
        let mut tx = self.context.read().await?;
        let ids = self.chosen(tx.conn()).await?;
        if ids.is_empty() || ids.len() > MAX_OBJECTS {
            return Ok(self.wrong_number(ids.len()));
        }
        let mut found = self.store.contents(tx.conn(), &ids).await?;
        let places: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
        found.sort_by_key(|it| places.get(&it.id).copied());
        match step {
            EDIT => self.edit_page(tx.conn(), &found, ValidationErrors::default()).await,
            DELETE => {
                let refused = self.not_removable(&found, self.context.viewer()?);
                let page = bulk_view::deletion(self, &found, refused);
                response::page(Page::new(self.layout("Delete"), page))
            }
            PREVIEW => match self.edit().and_then(|edit| self.reason().map(|_| edit)) {
                Ok(edit) => self.preview(tx.conn(), &found, &edit).await,
                Err(errors) => self.edit_page(tx.conn(), &found, errors).await,
            },
            _ => Err(AppError::Malformed("The form does not say what to do.".to_owned())),
        }
    }

    /// Leads to the comparison of the two objects that are ticked.
    fn compare(&self) -> PageResponse {
        let kind = self.entity.options().kind;
        match self.named()[..] {
            [a, b] => PageResponse::redirect(compare::address(self.context.at(), kind, (a, b)), Vec::new()),
            _ => {
                let reason = format!("Tick two {} to compare them.", kind.info().plural());
                PageResponse::refusal(list_return::address(self.entity.options(), self.context), reason)
            }
        }
    }

    async fn edit_page(
        &self,
        conn: &mut PgConnection,
        found: &[Loaded<D::Content>],
        errors: ValidationErrors,
    ) -> PageResult {
        let status = if errors.is_empty() { Status::Ok } else { Status::UnprocessableEntity };
        let page = bulk_view::edit(self, conn, found, &errors).await?;
        response::page_with(Page::new(self.layout("Change"), page), status)
    }

    async fn preview(&self, conn: &mut PgConnection, found: &[Loaded<D::Content>], edit: &BulkEdit) -> PageResult {
        let edited: Vec<_> =
            in_place(|| found.iter().map(|it| edit.apply(self.entity.fields(), it.content.clone())).collect());
        let after: Vec<_> = edited.iter().filter_map(|edited| edited.as_ref().ok()).collect();
        let new_names = new_names::in_contents(conn, self.entity.fields(), (found, &after)).await?;
        let planned = self.planned(conn, found, edited).await?;
        let page = BulkPreviewPage { new_names, ..bulk_view::change(self, found, planned) };
        response::page(Page::new(self.layout("Change"), page))
    }

    /// Returns what the save of edited contents would do, an object at a time.
    async fn planned(
        &self,
        conn: &mut PgConnection,
        found: &[Loaded<D::Content>],
        edited: Vec<Result<D::Content, ValidationErrors>>,
    ) -> Result<Each<PlannedChange>, AppError> {
        let wanted = wanted(found, &edited);
        let mut planned = self.store.preview(conn, self.context.viewer()?, &wanted).await?.into_iter();
        let each = edited.iter().map(|edited| match edited {
            Ok(_) => planned.next().unwrap_or(Err(SaveError::Gone)),
            Err(errors) => Err(SaveError::Rejected(errors.clone())),
        });
        Ok(each.collect())
    }

    /// Changes the objects of the preview that nobody has changed since.
    async fn change_all(&self) -> PageResult {
        let targets = self.targets()?;
        let edit = self.edit().map_err(|errors| AppError::Malformed(errors.to_string()))?;
        let (mut tx, viewer) = self.context.write().await.map_err(refused)?;
        tx.set_change_reason(self.reason().map_err(|errors| AppError::Malformed(errors.to_string()))?);
        let mut outcome = Outcome { joined: self.joined(tx.conn(), &targets).await?, ..Outcome::default() };
        let ids: Vec<i64> = targets.iter().map(|target| target.id).collect();
        let found = self.store.contents(tx.conn(), &ids).await?;
        outcome.refuse_missing(&targets, &found);
        let seen = revisions(&targets);
        let mut to_save = Vec::new();
        for it in found {
            let edited = in_place(|| edit.apply(self.entity.fields(), it.content.clone()));
            let name = self.entity.name(&it.content);
            match edited {
                Ok(content) if content == it.content => outcome.unchanged += 1,
                Ok(content) => to_save.push((name, target(&seen, it.id), content)),
                Err(errors) => outcome.refused.push((name, self.reason_of(&errors.into()))),
            }
        }
        let wanted: Vec<_> = to_save.iter().map(|(_, target, content)| Wanted { target: *target, content }).collect();
        let each = self.store.change(&mut tx, &viewer, &wanted).await?;
        let names = to_save.iter().map(|(name, ..)| name.clone());
        outcome.add(names.zip(each), |refusal| self.reason_of(refusal));
        tx.commit().await?;
        Ok(bulk_view::done(self, "Changed", &outcome))
    }

    /// Deletes the objects of the preview that nobody has changed since.
    async fn delete_all(&self) -> PageResult {
        let targets = self.targets()?;
        let (mut tx, viewer) = self.context.write().await.map_err(refused)?;
        tx.set_change_reason(self.reason().map_err(|errors| AppError::Malformed(errors.to_string()))?);
        let mut outcome = Outcome { joined: self.joined(tx.conn(), &targets).await?, ..Outcome::default() };
        let ids: Vec<i64> = targets.iter().map(|target| target.id).collect();
        let found = self.store.contents(tx.conn(), &ids).await?;
        outcome.unchanged = targets.len() - found.len();
        let seen = revisions(&targets);
        let mut to_remove = Vec::new();
        for it in &found {
            let name = self.entity.name(&it.content);
            match target(&seen, it.id).check(it.revision) {
                Ok(()) => to_remove.push((name, it.id)),
                Err(refusal) => outcome.refused.push((name, self.reason_of(&refusal))),
            }
        }
        let ids: Vec<i64> = to_remove.iter().map(|(_, id)| *id).collect();
        let each = self.store.remove(&mut tx, &viewer, &ids).await?;
        outcome.add(to_remove.into_iter().map(|(name, _)| name).zip(each), |refusal| self.reason_of(refusal));
        tx.commit().await?;
        Ok(bulk_view::done(self, "Deleted", &outcome))
    }

    /// Returns why the viewer may not delete objects, by their ids.
    fn not_removable(&self, found: &[Loaded<D::Content>], viewer: &Viewer) -> Vec<(i64, String)> {
        let refusal = |it: &Loaded<D::Content>| {
            let action = Action::Delete { group: self.entity.group(&it.content) };
            let denial = decide(viewer, self.entity.options().kind, action).err()?;
            Some((it.id, self.reason_of(&SaveError::Denied(denial))))
        };
        found.iter().filter_map(refusal).collect()
    }

    /// Returns why a change is refused, for people.
    fn reason_of(&self, refusal: &SaveError) -> String {
        bulk_view::reason(self.entity.fields(), refusal)
    }

    /// Leads back to the list, with the reason.
    fn wrong_number(&self, chosen: usize) -> PageResponse {
        let many = self.entity.options().kind.info().plural();
        let reason = match chosen {
            0 => format!("Tick the {many} first."),
            _ => format!(
                "At most {MAX_OBJECTS} {many} can be changed together. Narrow the list with search and filters."
            ),
        };
        PageResponse::refusal(list_return::address(self.entity.options(), self.context), reason)
    }

    fn layout(&self, title: &str) -> Layout {
        let many = self.entity.options().kind.info().many;
        let list = list_return::address(self.entity.options(), self.context);
        self.context
            .layout(&format!("{title} {}", self.entity.options().kind.info().plural()), &[(many, &list), (title, "")])
    }
}

/// Returns the changes of the objects that could be edited.
fn wanted<'a, C>(found: &[Loaded<C>], edited: &'a [Result<C, ValidationErrors>]) -> Vec<Wanted<'a, C>> {
    let each = found.iter().zip(edited).filter_map(|(it, edited)| {
        let target = ExpectedRevision { id: it.id, revision: it.revision };
        Some(Wanted { target, content: edited.as_ref().ok()? })
    });
    each.collect()
}

/// Returns the revisions that the preview has shown, by id.
fn revisions(targets: &[ExpectedRevision]) -> HashMap<i64, i64> {
    targets.iter().map(|target| (target.id, target.revision)).collect()
}

/// Returns the object with the revision that the preview has shown.
fn target(seen: &HashMap<i64, i64>, id: i64) -> ExpectedRevision {
    ExpectedRevision { id, revision: seen.get(&id).copied().unwrap_or_default() }
}
