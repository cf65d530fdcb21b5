//! The form about many objects of a list: which objects, and what is to be done with them.

use std::collections::HashSet;

use sqlx::PgConnection;

use super::bulk_store::BulkStore;
use super::entity_admin::EntityAdmin;
use super::list;
use super::list_query::ListQuery;
use super::list_return::LIST;
use super::request_context::RequestContext;
use super::save_input;
use crate::auth::posted::Posted;
use crate::domain::form::bulk_edit::BulkEdit;
use crate::domain::form::validation_error::ValidationErrors;
use crate::domain::model::wording;
use crate::error::AppError;
use crate::registry::{ExpectedRevision, SaveError, Saved};
use crate::store::Loaded;
use crate::templates::bulk_page::{ALL, FROM_ALL, PICK, TARGET};

/// The largest number of objects that are changed or deleted together.
pub const MAX_OBJECTS: usize = 2_000;

/// The comparison of two objects.
pub const COMPARE: &str = "compare";
/// The form that asks what is to be changed.
pub const EDIT: &str = "edit";
/// The confirmation of a deletion.
pub const DELETE: &str = "delete";
/// The preview of a change.
pub const PREVIEW: &str = "preview";
/// The change itself.
pub const CHANGE_ALL: &str = "change";
/// The deletion itself.
pub const DELETE_ALL: &str = "delete-all";

/// The entity with its operations on many objects, and the form that was posted.
pub(super) struct BulkRequest<'a, D: EntityAdmin> {
    pub entity: &'a D,
    pub store: &'a dyn BulkStore<D::Content>,
    pub context: &'a RequestContext<'a>,
    pub posted: &'a Posted,
}

/// What was done with the objects of a preview.
#[derive(Default)]
pub(super) struct Outcome {
    /// The objects that were changed or deleted.
    pub saved: Vec<Saved>,
    /// The number of objects that had the wanted values already, or were deleted already.
    pub unchanged: usize,
    /// The objects that were left out, by name, with the reason.
    pub refused: Vec<(String, String)>,
    /// The names of objects that match the search and filters of the list only since the preview.
    pub joined: Vec<String>,
}

impl<D: EntityAdmin> BulkRequest<'_, D> {
    /// Returns the ids of the chosen objects: those that match, those that are ticked, or those of a preview.
    pub async fn chosen(&self, conn: &mut PgConnection) -> Result<Vec<i64>, AppError> {
        if self.posted.get(ALL).is_some() {
            return Ok(self.matching(conn).await?.into_iter().map(|(id, _)| id).collect());
        }
        Ok(self.named())
    }

    /// Returns the ids of the objects that the form names, each once: those that are ticked, or those of a preview.
    pub fn named(&self) -> Vec<i64> {
        let named = |input: &'static str| self.posted.pairs().iter().filter(move |(name, _)| name == input);
        let ticked = named(PICK).filter_map(|(_, id)| id.parse().ok());
        let shown = named(TARGET).filter_map(|(_, target)| Some(parse_target(target)?.id));
        let mut seen = HashSet::new();
        ticked.chain(shown).filter(|id| seen.insert(*id)).collect()
    }

    /// Returns the objects that match the search and filters of the list, as id and name: at most one more than can be
    /// changed together.
    async fn matching(&self, conn: &mut PgConnection) -> Result<Vec<(i64, String)>, AppError> {
        let options = &self.entity.options().list;
        let pairs: Vec<_> =
            form_urlencoded::parse(self.context.query(LIST).unwrap_or_default().as_bytes()).into_owned().collect();
        let mut query = ListQuery::of_viewer(options, self.context, &pairs);
        query.resolve(conn).await?;
        query.page = 1;
        let size = i64::try_from(MAX_OBJECTS).unwrap_or(i64::MAX) + 1;
        let table = list::rows(self.entity, conn, self.context, (&query, size)).await?;
        let first = table.rows.into_iter().filter_map(|row| row.into_iter().next());
        Ok(first.filter_map(|cell| Some((cell.id?, cell.text))).collect())
    }

    /// Returns the names of the objects that match now, but were not in the preview of all that match.
    pub async fn joined(&self, conn: &mut PgConnection, targets: &[ExpectedRevision]) -> Result<Vec<String>, AppError> {
        if !self.is_about_all() {
            return Ok(Vec::new());
        }
        let shown: HashSet<i64> = targets.iter().map(|target| target.id).collect();
        let matching = self.matching(conn).await?;
        Ok(matching.into_iter().filter(|(id, _)| !shown.contains(id)).map(|(_, name)| name).collect())
    }

    /// Returns true if all objects that match were chosen, and not only those that are ticked.
    pub fn is_about_all(&self) -> bool {
        [ALL, FROM_ALL].iter().any(|name| self.posted.get(name).is_some())
    }

    /// Returns the objects of the preview.
    pub fn targets(&self) -> Result<Vec<ExpectedRevision>, AppError> {
        let mut seen = HashSet::new();
        let named = self.posted.pairs().iter().filter(|(name, _)| name == TARGET);
        let targets: Option<Vec<_>> = named.map(|(_, target)| parse_target(target)).collect();
        let targets =
            targets.unwrap_or_default().into_iter().filter(|target| seen.insert(target.id)).collect::<Vec<_>>();
        match targets.len() {
            1..=MAX_OBJECTS => Ok(targets),
            _ => Err(AppError::Malformed("The form does not name the objects of its preview.".to_owned())),
        }
    }

    pub fn edit(&self) -> Result<BulkEdit, ValidationErrors> {
        let get = |name: &str| self.posted.get(name).map(str::to_owned);
        BulkEdit::read(self.entity.fields(), self.store.fields(), get)
    }

    pub fn reason(&self) -> Result<Option<String>, ValidationErrors> {
        save_input::reason(self.posted)
    }
}

impl Outcome {
    /// Adds the objects of the preview that do not exist any more.
    pub fn refuse_missing<C>(&mut self, targets: &[ExpectedRevision], found: &[Loaded<C>]) {
        let missing = targets.len() - found.len();
        if missing > 0 {
            let what = if missing == 1 { "1 object".to_owned() } else { format!("{missing} objects") };
            self.refused.push((what, "Deleted since the preview.".to_owned()));
        }
    }

    /// Adds the results of a save, by name.
    pub fn add(
        &mut self,
        each: impl Iterator<Item = (String, Result<Saved, SaveError>)>,
        reason: impl Fn(&SaveError) -> String,
    ) {
        for (name, result) in each {
            match result {
                Ok(saved) if saved.message == wording::NOTHING => self.unchanged += 1,
                Ok(saved) => self.saved.push(saved),
                Err(refusal) => self.refused.push((name, reason(&refusal))),
            }
        }
    }
}

/// Parses `ID:REVISION`.
fn parse_target(text: &str) -> Option<ExpectedRevision> {
    let (id, revision) = text.split_once(':')?;
    Some(ExpectedRevision { id: id.parse().ok()?, revision: revision.parse().ok()? })
}
