//! An entity: typed, as its own file declares it, and without its type, as the routes see it.

use std::collections::BTreeSet;

use rocket::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;

use super::about::About;
use super::answer::Answered;
use super::list::{ListAsk, Table};
use super::visit::Visit;
use super::{delete, form, history, kept, list, save, versions};
use crate::auth::posted::Posted;
use crate::domain::form::field::Field;
use crate::domain::model::policy::Viewer;
use crate::domain::model::snapshot::VersionContent;
use crate::domain::security::keys::Keys;
use crate::pages::form::{Fact, Needed};
use crate::registry::{Refusal, Saved, Target};
use crate::store::{Loaded, Result, TenantTx};

/// What a save is told beside the content.
pub struct Extra<'a> {
    /// The names of the ticks that are set.
    pub ticks: BTreeSet<&'static str>,
    /// The object that the new one was cloned from.
    pub clone_of: Option<i64>,
    pub keys: &'a Keys,
    /// What [`Declared::prepare`] made of a new object.
    pub prepared: String,
}

impl Extra<'_> {
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
pub struct Found<C> {
    pub loaded: Loaded<C>,
    pub name: String,
}

/// What one entity declares; all its pages follow from it.
#[async_trait]
pub trait Declared: Send + Sync + 'static {
    /// What a person edits. The same type is a version, where the entity has any.
    type Content: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    fn about(&self) -> &'static About;

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
    fn needed_key(&self, _field: &str) -> Option<Needed> {
        None
    }

    /// Of a new object, what takes so long that it is made before the transaction, in which nobody else can save.
    async fn prepare(&self, _content: &Self::Content) -> String {
        String::new()
    }

    /// One page of the list.
    async fn rows(&self, conn: &mut PgConnection, ask: &ListAsk<'_>, visit: &Visit<'_>) -> Result<Table>;

    async fn load(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Loaded<Self::Content>>>;

    async fn create(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        content: &Self::Content,
        extra: &Extra<'_>,
    ) -> std::result::Result<Created, Refusal>;

    async fn change(
        &self,
        tx: &mut TenantTx,
        viewer: &Viewer,
        target: Target,
        content: &Self::Content,
        extra: &Extra<'_>,
    ) -> std::result::Result<Saved, Refusal>;

    async fn remove(&self, tx: &mut TenantTx, viewer: &Viewer, id: i64) -> std::result::Result<Saved, Refusal>;

    /// Saves an old version again; only asked where the entity restores at once.
    async fn restore(
        &self,
        _tx: &mut TenantTx,
        _viewer: &Viewer,
        _target: Target,
        _version: i64,
    ) -> std::result::Result<Saved, Refusal> {
        Err(Refusal::Gone)
    }

    /// What stands beside the form: what uses the object, who changed it.
    async fn facts(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _visit: &Visit<'_>,
    ) -> Result<Vec<Fact>> {
        Ok(Vec::new())
    }

    /// What else is affected when the object is deleted.
    async fn affected(
        &self,
        _conn: &mut PgConnection,
        _found: &Loaded<Self::Content>,
        _visit: &Visit<'_>,
    ) -> Result<Vec<Fact>> {
        Ok(Vec::new())
    }

    /// The object of this id with its name.
    async fn find(&self, conn: &mut PgConnection, id: i64) -> Result<Option<Found<Self::Content>>> {
        let loaded = self.load(conn, id).await?;
        Ok(loaded.map(|loaded| Found { name: self.name(&loaded.content), loaded }))
    }
}

/// The pages of an entity, whatever its content is.
#[async_trait]
pub trait Entity: Send + Sync {
    fn about(&self) -> &'static About;
    async fn list(&self, visit: &Visit<'_>) -> Answered;
    async fn add_form(&self, visit: &Visit<'_>) -> Answered;
    async fn add(&self, visit: &Visit<'_>, posted: &Posted) -> Answered;
    async fn change_form(&self, visit: &Visit<'_>, id: i64) -> Answered;
    async fn change(&self, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered;
    async fn clone_form(&self, visit: &Visit<'_>, id: i64) -> Answered;
    async fn clone(&self, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered;
    async fn delete_form(&self, visit: &Visit<'_>, id: i64) -> Answered;
    async fn delete(&self, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered;
    async fn history(&self, visit: &Visit<'_>, id: i64) -> Answered;
    async fn version_page(&self, visit: &Visit<'_>, id: i64, version: i64) -> Answered;
    async fn restore_version(&self, visit: &Visit<'_>, id: i64, version: i64) -> Answered;
    async fn compare(&self, visit: &Visit<'_>, id: i64) -> Answered;
    /// Whether every field stands in one fieldset, every name of a fieldset is a field, and every column is one that the
    /// list's query sorts by: what the compiler cannot see. `Err` says what is wrong.
    fn check(&self) -> std::result::Result<(), String>;
}

#[async_trait]
impl<D: Declared> Entity for D {
    fn about(&self) -> &'static About {
        Declared::about(self)
    }

    async fn list(&self, visit: &Visit<'_>) -> Answered {
        kept::of_entity(Declared::about(self), visit, list::page(self, visit)).await
    }

    async fn add_form(&self, visit: &Visit<'_>) -> Answered {
        form::add(self, visit).await
    }

    async fn add(&self, visit: &Visit<'_>, posted: &Posted) -> Answered {
        save::add(self, visit, posted, None).await
    }

    async fn change_form(&self, visit: &Visit<'_>, id: i64) -> Answered {
        kept::of_entity(Declared::about(self), visit, form::change(self, visit, id)).await
    }

    async fn change(&self, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered {
        save::change(self, visit, id, posted).await
    }

    async fn clone_form(&self, visit: &Visit<'_>, id: i64) -> Answered {
        form::clone_of(self, visit, id).await
    }

    async fn clone(&self, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered {
        save::add(self, visit, posted, Some(id)).await
    }

    async fn delete_form(&self, visit: &Visit<'_>, id: i64) -> Answered {
        delete::page(self, visit, id).await
    }

    async fn delete(&self, visit: &Visit<'_>, id: i64, posted: &Posted) -> Answered {
        delete::delete(self, visit, id, posted).await
    }

    async fn history(&self, visit: &Visit<'_>, id: i64) -> Answered {
        kept::of_entity(Declared::about(self), visit, history::page(self, visit, id)).await
    }

    async fn version_page(&self, visit: &Visit<'_>, id: i64, version: i64) -> Answered {
        kept::of_entity(Declared::about(self), visit, versions::page(self, visit, id, version)).await
    }

    async fn restore_version(&self, visit: &Visit<'_>, id: i64, version: i64) -> Answered {
        versions::restore(self, visit, (id, version)).await
    }

    async fn compare(&self, visit: &Visit<'_>, id: i64) -> Answered {
        kept::of_entity(Declared::about(self), visit, versions::compare(self, visit, id)).await
    }

    fn check(&self) -> std::result::Result<(), String> {
        let placed: Vec<&str> = Declared::about(self).fieldsets.iter().flat_map(|set| set.fields).copied().collect();
        let declared: Vec<&str> = self.fields().iter().map(|field| field.name).collect();
        for name in &declared {
            if placed.iter().filter(|placed| *placed == name).count() != 1 {
                return Err(format!("the field {name} stands in no fieldset, or in several"));
            }
        }
        match placed.iter().find(|name| !declared.contains(name)) {
            Some(name) => Err(format!("a fieldset names {name}, which is no field")),
            None => Declared::about(self).list.check(),
        }
    }
}
