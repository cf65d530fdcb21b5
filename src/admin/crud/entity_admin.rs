//! The declaration of an entity: its options, its fields, and how its objects are loaded and saved. All its pages
//! follow from it.

use std::collections::{BTreeMap, BTreeSet};

use rocket::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use super::bulk_store::BulkStore;
use super::list_return;
use super::list_table::ListTable;
use super::named_object::NamedObject;
use super::options::EntityOptions;
use super::remote_store::RemoteStore;
use super::request_context::RequestContext;
use crate::domain::form::field::Field;
use crate::domain::model::policy::Viewer;
use crate::domain::model::snapshot::VersionContent;
use crate::domain::model::tenant::Tenant;
use crate::domain::security::keys::Keys;
use crate::error::AppError;
use crate::registry::Transaction;
use crate::registry::{ExpectedRevision, SaveError, Saved};
use crate::store::lists::ListParams;
use crate::store::{Loaded, Result};
use crate::templates::Link;
use crate::templates::delete_page::DeletionTick;
use crate::templates::form_page::{ClaimsView, FieldsetView, InfoLine, Renewal, RequiredKey, SecretView};
use crate::templates::list_page::RemoteLine;
use crate::templates::used_by_page::UseSection;
use crate::templates::waiting_line::WaitingLine;

/// The parameters of a save, in addition to the content.
pub struct SaveContext<'a> {
    /// The names of the save options that are ticked.
    pub ticks: BTreeSet<&'static str>,
    /// The id of the object that a new one was cloned from; `None` if it was not.
    pub clone_of: Option<i64>,
    /// The server's keys, with which API tokens are hashed.
    pub keys: &'a Keys,
    /// The tenant of the object.
    pub tenant: &'a Tenant,
    /// The result of [`EntityAdmin::prepare`] for a new object; else empty.
    pub prepared: String,
    /// Why the user makes the change; `None` if the user did not say it.
    pub change_reason: Option<String>,
}

impl SaveContext<'_> {
    /// Returns true if the save option is ticked.
    pub fn has(&self, tick: &str) -> bool {
        self.ticks.contains(tick)
    }
}

/// An object that was added.
pub struct Created {
    /// The result of the save.
    pub saved: Saved,
    /// A secret that is shown only once, the token of a new key; empty if there is none.
    pub secret: String,
}

impl From<Saved> for Created {
    fn from(saved: Saved) -> Self {
        Self { saved, secret: String::new() }
    }
}

/// The links in the cells of a form that is only read: names of other objects lead to these.
#[derive(Default)]
pub struct CellLinks {
    /// The columns with such names, as field and column; the column is empty for a field without rows.
    pub places: &'static [(&'static str, &'static str)],
    /// The addresses by name. A name without an address is text.
    pub addresses: BTreeMap<String, String>,
}

impl CellLinks {
    /// Sets the links in the fields of a form.
    pub fn set(&self, fieldsets: &mut [FieldsetView]) {
        let address = |name: &str| self.addresses.get(name).cloned().unwrap_or_default();
        for widget in fieldsets.iter_mut().flat_map(|set| &mut set.widgets) {
            for (_, column) in self.places.iter().filter(|(field, _)| *field == widget.name) {
                widget.href = if column.is_empty() { address(&widget.value) } else { String::new() };
                let Some(place) = widget.columns.iter().position(|of| of.name == *column) else { continue };
                for cell in widget.rows.iter_mut().filter_map(|row| row.cells.get_mut(place)) {
                    cell.href = address(&cell.value);
                }
            }
        }
    }
}

/// The declaration of an entity; all its pages follow from it.
#[async_trait]
pub trait EntityAdmin: Send + Sync + 'static {
    /// The data that a user edits. Versions have the same type, if the entity has versions.
    type Content: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Returns the options of the entity.
    fn options(&self) -> &'static EntityOptions;

    /// Returns the fields of the form.
    fn fields(&self) -> &'static [Field<Self::Content>];

    /// Returns the name by which pages call the object.
    fn name(&self, content: &Self::Content) -> String;

    /// Returns the name for the heading of a page, and the tag that is shown next to it; without a tag, empty.
    fn heading(&self, content: &Self::Content) -> (String, String) {
        (self.name(content), String::new())
    }

    /// Returns the path of the REST API that returns the object; `None` if it has none.
    fn api_path(&self, _content: &Self::Content) -> Option<String> {
        None
    }

    /// Returns the group whose members may change the object; empty if it is in none.
    fn group<'a>(&self, _content: &'a Self::Content) -> &'a str {
        ""
    }

    /// Returns the content of a stored version; `None` if it is of another kind, or the entity has no versions.
    fn version(&self, _content: VersionContent) -> Option<Self::Content> {
        None
    }

    /// Returns the content that the form of a new object starts with.
    fn blank(&self) -> Self::Content {
        Self::Content::default()
    }

    /// Returns the key that the rows of a field need while another field has a certain value; `None` if there is none.
    fn needed_key(&self, _field: &str) -> Option<RequiredKey> {
        None
    }

    /// Computes what takes long for a new object, such as a password hash.
    ///
    /// It is called before the transaction, because no one else can save during that.
    async fn prepare(&self, _content: &Self::Content) -> String {
        String::new()
    }

    /// Returns whether an object has the secret that was typed for it, such as a password; true if it has none.
    async fn has_secret(
        &self,
        _context: &RequestContext<'_>,
        _id: i64,
        _content: &Self::Content,
    ) -> std::result::Result<bool, AppError> {
        Ok(true)
    }

    /// Returns the other server that stores the objects as well; `None` if POEM alone stores them. Then [`Self::create`],
    /// [`Self::change`] and [`Self::remove`] are not called.
    fn remote(&self) -> Option<&dyn RemoteStore<Self::Content>> {
        None
    }

    /// Returns the operations on many objects; `None` if there are none.
    fn bulk(&self) -> Option<&dyn BulkStore<Self::Content>> {
        None
    }

    /// Returns the button that makes a new secret for an object whose secret was shown once; `None` if it has none.
    async fn renewal(&self, _conn: &mut PgConnection, _id: i64) -> Result<Option<Renewal>> {
        Ok(None)
    }

    /// Returns the line for a shell that tries a secret which is shown only once; empty if there is none.
    fn use_of_secret(&self, _context: &RequestContext<'_>, _secret: &str) -> String {
        String::new()
    }

    /// Returns a secret as it is shown once, with the way back to the list; `None` for an empty text.
    fn secret(&self, context: &RequestContext<'_>, text: String) -> Option<SecretView> {
        let done = Link::new("Done", list_return::address(self.options(), context));
        (!text.is_empty()).then(|| SecretView { usage: self.use_of_secret(context, &text), done, text })
    }

    /// Returns true if the form of a new object offers to add another one at once: not if the next page shows a secret.
    fn can_add_another(&self) -> bool {
        true
    }

    /// Returns the links next to the heading of the list, in addition to the one that adds an object.
    fn list_tools(&self, _context: &RequestContext<'_>) -> Vec<Link> {
        Vec::new()
    }

    /// Returns one page of the list.
    async fn rows(
        &self,
        conn: &mut PgConnection,
        params: &ListParams<'_>,
        context: &RequestContext<'_>,
    ) -> Result<ListTable>;

    /// Loads an object; `None` if there is no such object.
    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<Self::Content>>>;

    /// Saves a new object.
    ///
    /// # Errors
    /// `Rejected` for invalid content, `Denied` if the viewer may not add it.
    async fn create(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        content: &Self::Content,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Created, SaveError>;

    /// Saves the changes of an object.
    ///
    /// # Errors
    /// `Rejected` for invalid content, `Denied` if the viewer may not change it, `Stale` if it has another revision
    /// than `target` expects, `Gone` if it was deleted.
    async fn change(
        &self,
        tx: &mut Transaction,
        viewer: &Viewer,
        target: ExpectedRevision,
        content: &Self::Content,
        extra: &SaveContext<'_>,
    ) -> std::result::Result<Saved, SaveError>;

    /// Deletes an object.
    ///
    /// # Errors
    /// `Denied` if the viewer may not delete it, `Gone` if it was deleted before.
    async fn remove(&self, tx: &mut Transaction, viewer: &Viewer, id: i64) -> std::result::Result<Saved, SaveError>;

    /// Saves an old version again; only called if the entity restores at once.
    ///
    /// # Errors
    /// As [`EntityAdmin::change`].
    async fn restore(
        &self,
        _tx: &mut Transaction,
        _viewer: &Viewer,
        _target: ExpectedRevision,
        _version: i64,
    ) -> std::result::Result<Saved, SaveError> {
        Err(SaveError::Gone)
    }

    /// Returns the information next to the form: what uses the object, who changed it last.
    async fn facts(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        Ok(Vec::new())
    }

    /// Returns the links to other pages of an object, besides its tabs and Clone.
    fn more_tools(&self, _context: &RequestContext<'_>, _id: i64) -> Vec<Link> {
        Vec::new()
    }

    /// Returns the federated logins that ask for the object, if it is an account; `None` if there are none.
    async fn claims(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _context: &RequestContext<'_>,
    ) -> Result<Option<ClaimsView>> {
        Ok(None)
    }

    /// Returns what waits for the viewer, to be shown above the list.
    async fn waiting(&self, _conn: &mut PgConnection, _context: &RequestContext<'_>) -> Result<Vec<WaitingLine>> {
        Ok(Vec::new())
    }

    /// Returns the line above the list about another server that stores the objects as well; `None` if there is nothing to
    /// say. Called without a connection to the database.
    async fn remote_line(&self, _context: &RequestContext<'_>) -> std::result::Result<Option<RemoteLine>, AppError> {
        Ok(None)
    }

    /// Returns the links in the cells of a form that is only read; see [`CellLinks`].
    async fn links(
        &self,
        _conn: &mut PgConnection,
        _content: &Self::Content,
        _context: &RequestContext<'_>,
    ) -> Result<CellLinks> {
        Ok(CellLinks::default())
    }

    /// Returns true if other objects can use the objects: then users see the page “Used by”.
    fn has_uses(&self, _context: &RequestContext<'_>) -> bool {
        false
    }

    /// Returns the objects that use an object, by kind; see [`Self::has_uses`].
    async fn uses(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _context: &RequestContext<'_>,
    ) -> Result<Vec<UseSection>> {
        Ok(Vec::new())
    }

    /// Returns what else is affected by the deletion of the object.
    async fn affected(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _context: &RequestContext<'_>,
    ) -> Result<Vec<InfoLine>> {
        Ok(Vec::new())
    }

    /// Returns the choice that the confirmation of the deletion offers; `None` if there is none.
    async fn deletion_tick(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _context: &RequestContext<'_>,
    ) -> Result<Option<DeletionTick>> {
        Ok(None)
    }

    /// Loads an object with its name; `None` if there is no such object.
    async fn find(&self, conn: &mut PgConnection, id: i64) -> Result<Option<NamedObject<Self::Content>>> {
        let loaded = self.load(conn, id).await?;
        Ok(loaded.map(|loaded| NamedObject { name: self.name(&loaded.content), loaded }))
    }
}
