//! Entities whose objects another server stores as well: what the generic pages ask of them.
//!
//! A save has three steps: a transaction that checks the rights and notes the save, the calls, during which nothing of
//! the database is held, and a transaction that completes the save.

use std::sync::Arc;

use rocket::async_trait;
use rocket::http::Status;

use super::form_input::Sources;
use super::named_object::NamedObject;
use super::request_context::RequestContext;
use crate::domain::form::validation_error::ValidationErrors;
use crate::error::AppError;
use crate::registry::{SaveError, Saved};
use crate::templates::form_page::InfoLine;

/// The other server that stores the objects of an entity.
#[async_trait]
pub trait RemoteStore<C>: Send + Sync {
    /// Asks for what a form shows of an object, or of a new one (`None`). Waits only as long as a page may take.
    async fn view(&self, context: &RequestContext<'_>, of: Option<&NamedObject<C>>) -> Result<RemoteView<C>, AppError>;

    /// Returns what a form shows that is shown again after a save. Asks nothing.
    async fn view_again(&self, context: &RequestContext<'_>) -> Result<RemoteView<C>, AppError>;

    /// Returns true if a form was opened with this content, and not before the other server was configured.
    fn is_complete(&self, opened: &C) -> bool;

    /// Returns what a copy of an object starts with: its content without its identity. `None` if POEM does not know it.
    fn copy_of(&self, original: &C) -> Option<C>;

    /// Returns true if the content that POEM has is the submitted one, as far as a user edits it.
    fn is_same(&self, known: &C, submitted: &C) -> bool;

    /// Returns what is wrong with a content besides the errors of its fields, as far as that can be said without asking. `id`
    /// and `opened` are the object and its content when the form was opened.
    async fn errors(
        &self,
        context: &RequestContext<'_>,
        edited: (Option<i64>, &C),
        content: &C,
    ) -> Result<ValidationErrors, AppError>;

    /// Returns the content with what a file says. `Err` has the errors, each at its place.
    async fn import(
        &self,
        context: &RequestContext<'_>,
        content: &C,
        file: &str,
    ) -> Result<Result<C, ValidationErrors>, AppError>;

    /// Saves a new object, or a copy of the object `clone_of`.
    async fn add(
        &self,
        context: &RequestContext<'_>,
        content: &C,
        clone_of: Option<i64>,
    ) -> Result<Saved, RemoteRefusal<C>>;

    /// Saves the changes of an object. `opened` is the content when the form was opened. With `anew`, the object is no
    /// longer on the other server, and is created there again.
    async fn change(
        &self,
        context: &RequestContext<'_>,
        id: i64,
        edit: RemoteEdit<'_, C>,
    ) -> Result<Saved, RemoteRefusal<C>>;

    /// Returns what the confirmation of a deletion says about the other server.
    async fn before_deletion(
        &self,
        context: &RequestContext<'_>,
        of: &NamedObject<C>,
    ) -> Result<Vec<InfoLine>, AppError>;

    /// Deletes an object.
    async fn delete(&self, context: &RequestContext<'_>, id: i64) -> Result<Saved, RemoteRefusal<C>>;
}

/// A submitted change.
#[derive(Clone, Copy)]
pub struct RemoteEdit<'a, C> {
    /// The content when the form was opened.
    pub opened: &'a C,
    /// The submitted content.
    pub content: &'a C,
    /// The object is to be created again on the other server.
    pub anew: bool,
}

/// The reason why a save was not completed.
pub enum RemoteRefusal<C> {
    /// POEM has refused it, as any save.
    Save(SaveError),
    /// Somebody else has changed the object. Holds its content now, and the words for who has changed it and where.
    Changed(Box<C>, &'static str),
    /// The object is no longer on the other server. Holds the heading of the choice what to do.
    Missing(&'static str),
    /// The other server failed. Holds the status and the message of the page.
    Failed(Status, String),
}

impl<C> From<SaveError> for RemoteRefusal<C> {
    fn from(error: SaveError) -> Self {
        Self::Save(error)
    }
}

/// What a form offers and warns of, for the content that it shows.
#[derive(Default)]
pub struct RemoteOffers {
    /// The choices that are not in the database.
    pub sources: Sources,
    /// The warnings, each at its place.
    pub warnings: ValidationErrors,
}

/// Returns the offers for a content.
pub type OffersFor<C> = Arc<dyn Fn(&C) -> RemoteOffers + Send + Sync>;

/// What a form shows of the other server.
pub struct RemoteView<C> {
    /// The content of the object there; `None` if it is not known, or for a new object.
    pub content: Option<C>,
    /// The reason why nothing can be changed; empty if it can.
    pub read_only: String,
    /// What the page says about the other server.
    pub notes: Vec<String>,
    /// The information next to the form.
    pub facts: Vec<InfoLine>,
    /// The heading of the choice what to do with an object that is no longer there; empty if it is.
    pub missing: &'static str,
    /// The offers for the content that is shown.
    pub offers: Option<OffersFor<C>>,
}

impl<C> Default for RemoteView<C> {
    fn default() -> Self {
        Self {
            content: None,
            read_only: String::new(),
            notes: Vec::new(),
            facts: Vec::new(),
            missing: "",
            offers: None,
        }
    }
}

/// The part of a [`RemoteView`] that does not depend on the type of the content.
#[derive(Default)]
pub struct RemotePart {
    /// The reason why nothing can be changed; empty if it can.
    pub read_only: String,
    /// What the page says about the other server.
    pub notes: Vec<String>,
    /// The information next to the form.
    pub facts: Vec<InfoLine>,
    /// The heading of the choice what to do with an object that is no longer there; empty if it is.
    pub missing: &'static str,
    /// The offers.
    pub offers: RemoteOffers,
}

impl<C> RemoteView<C> {
    /// Returns the part for a form that shows this content.
    pub fn for_content(&self, content: &C) -> RemotePart {
        RemotePart {
            read_only: self.read_only.clone(),
            notes: self.notes.clone(),
            facts: self.facts.clone(),
            missing: self.missing,
            offers: self.offers.as_ref().map(|offers| offers(content)).unwrap_or_default(),
        }
    }
}
