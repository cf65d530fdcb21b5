//! What one entity declares: its options, its fields, and how its objects are loaded and saved. All its pages follow from
//! that.

use std::collections::BTreeSet;

use rocket::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use super::list_table::ListTable;
use super::options::EntityOptions;
use super::request_context::RequestContext;
use crate::domain::form::field::Field;
use crate::domain::model::policy::Viewer;
use crate::domain::model::snapshot::VersionContent;
use crate::domain::security::keys::Keys;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved};
use crate::store::lists::ListAsk;
use crate::store::{Loaded, Result};
use crate::templates::form_page::{InfoLine, RequiredKey};

/// What a save is told beside the content.
pub struct SaveContext<'a> {
    /// The names of the ticks that are set.
    pub ticks: BTreeSet<&'static str>,
    /// The object that the new one was cloned from.
    pub clone_of: Option<i64>,
    pub keys: &'a Keys,
    /// What [`EntityAdmin::prepare`] made of a new object.
    pub prepared: String,
}

impl SaveContext<'_> {
    pub fn has(&self, tick: &str) -> bool {
        self.ticks.contains(tick)
    }
}

/// An object that was added.
pub struct Created {
    pub saved: Saved,
    /// What is shown this once: the token of a new key; '' where there is none.
    pub secret: String,
}

impl From<Saved> for Created {
    fn from(saved: Saved) -> Self {
        Self { saved, secret: String::new() }
    }
}

/// An object with its name, as pages need it.
pub struct NamedObject<C> {
    pub loaded: Loaded<C>,
    pub name: String,
}

/// What one entity declares; all its pages follow from it.
#[async_trait]
pub trait EntityAdmin: Send + Sync + 'static {
    /// What a person edits. The same type is a version, where the entity has any.
    type Content: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    fn options(&self) -> &'static EntityOptions;

    fn fields(&self) -> &'static [Field<Self::Content>];

    /// How people call the object.
    fn name(&self, content: &Self::Content) -> String;

    /// The group that rules over the object; '' where it has none.
    fn group<'a>(&self, _content: &'a Self::Content) -> &'a str {
        ""
    }

    /// A stored version of an object; `None` where the entity has no versions, or the version is another's.
    fn version(&self, _content: VersionContent) -> Option<Self::Content> {
        None
    }

    /// What a new object starts with.
    fn blank(&self) -> Self::Content {
        Self::Content::default()
    }

    /// A key that the rows of a field need while another field has a certain value; the page warns while it is missing.
    fn needed_key(&self, _field: &str) -> Option<RequiredKey> {
        None
    }

    /// Of a new object, what takes so long that it is made before the transaction, in which nobody else can save.
    async fn prepare(&self, _content: &Self::Content) -> String {
        String::new()
    }

    /// One page of the list.
    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, context: &RequestContext<'_>)
    -> Result<ListTable>;

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<Self::Content>>>;

    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &Self::Content,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError>;

    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &Self::Content,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError>;

    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError>;

    /// Saves an old version again; only asked where the entity restores at once.
    async fn restore(
        &self,
        _tx: &mut Transaction,
        _viewer: &Viewer,
        _target: ExpectedRevision,
        _version: i64,
    ) -> std::result::Result<Saved, SaveError> {
        Err(SaveError::Gone)
    }

    /// What stands beside the form: what uses the object, who changed it.
    async fn facts(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _visit: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        Ok(Vec::new())
    }

    /// What else is affected when the object is deleted.
    async fn affected(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _visit: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        Ok(Vec::new())
    }

    /// The object of this id with its name.
    async fn find(&self, conn: &mut PgConnection, id: i64) -> Result<Option<NamedObject<Self::Content>>> {
        let loaded = self.load(conn, id).await?;
        Ok(loaded.map(|loaded| NamedObject { name: self.name(&loaded.content), loaded }))
    }
}
