//! The tenant EGI with the data of small.json, and helpers that run operations there as a user.

use poem::domain::form::validation_error::{Place, ValidationErrors};
use poem::domain::model::policy::Viewer;
use poem::registry::Transaction;
use poem::registry::{SaveError, viewers};
use poem::store::ReadTx;
use poem::store::lists::log_entries;

use crate::support::installation::egi;
use crate::support::sql::{sql, tables};
use crate::support::{Installation, block_on};

/// An installation with the tenant EGI.
pub struct Egi {
    pub installation: Installation,
}

impl Egi {
    pub fn new() -> Self {
        Self { installation: Installation::with_small_data() }
    }

    /// Returns the user with this name, who may log in.
    pub fn viewer(&self, username: &str) -> Viewer {
        let id = sql(&self.installation, &format!("SELECT id FROM egi.app_user WHERE username = '{username}'"));
        let id = id.first().expect("there is such a user").parse().unwrap();
        block_on(async {
            let mut tx = ReadTx::begin(&self.installation.pool(), &egi()).await.unwrap();
            viewers::find(tx.conn(), id).await.unwrap().expect("they may log in")
        })
    }

    /// Runs an operation as a route does: in one transaction, which is rolled back if it fails.
    pub fn act<T>(&self, work: impl AsyncFnOnce(&mut Transaction) -> Result<T, SaveError>) -> Result<T, SaveError> {
        block_on(async {
            let mut tx = Transaction::begin(&self.installation.pool(), &egi()).await?;
            let done = work(&mut tx).await?;
            tx.commit().await?;
            Ok(done)
        })
    }

    /// Checks that the operation fails and changes nothing; returns the error.
    #[track_caller]
    pub fn refused<T: std::fmt::Debug>(
        &self,
        work: impl AsyncFnOnce(&mut Transaction) -> Result<T, SaveError>,
    ) -> SaveError {
        let before = self.rows();
        let refusal = self.act(work).unwrap_err();
        assert_eq!(self.rows(), before);
        refusal
    }

    /// Checks with [`Egi::refused`] that the content is invalid; returns the messages with their places.
    #[track_caller]
    pub fn rejected<T: std::fmt::Debug>(
        &self,
        work: impl AsyncFnOnce(&mut Transaction) -> Result<T, SaveError>,
    ) -> ValidationErrors {
        match self.refused(work) {
            SaveError::Rejected(errors) => errors,
            other => panic!("{other:?}"),
        }
    }

    /// Runs queries in one transaction that reads.
    pub fn read<T>(&self, work: impl AsyncFnOnce(&mut ReadTx) -> poem::store::Result<T>) -> T {
        block_on(async {
            let mut tx = ReadTx::begin(&self.installation.pool(), &egi()).await.unwrap();
            work(&mut tx).await.unwrap()
        })
    }

    /// Returns rows of the tenant, their columns joined by `|`.
    pub fn sql(&self, statement: &str) -> Vec<String> {
        sql(&self.installation, &format!("SET search_path TO egi; {statement}"))
    }

    /// Returns the newest log entries as lists show them, newest first: `action|kind|id|name|message|username`.
    pub fn history(&self, entries: usize) -> Vec<String> {
        let ids = self.sql(&format!("SELECT id FROM log_entry ORDER BY id DESC LIMIT {entries}"));
        let ids: Vec<i64> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let rows = self.read(async |tx| log_entries::of_ids(tx.conn(), &ids).await);
        let line = |row: &log_entries::LogRow| {
            let (kind, id) =
                (row.object_kind.map_or("", |kind| kind.as_str()), row.object_id.as_deref().unwrap_or_default());
            let action = row.action.as_str();
            format!("{action}|{kind}|{id}|{}|{}|{}", row.object_name, row.words(), row.username)
        };
        rows.iter().map(line).collect()
    }

    /// Returns every row of every table; sequences are left out.
    pub fn rows(&self) -> String {
        tables(&self.installation)
    }
}

/// Returns the messages at a field.
pub fn at<'a>(errors: &'a ValidationErrors, field: &'static str) -> Vec<&'a str> {
    errors.of(Place::Field(field))
}

pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Runs the same operation twice at the same time; returns the result of the winner and the error of the other.
#[track_caller]
pub fn race<T: std::fmt::Debug + Send>(work: impl Fn() -> Result<T, SaveError> + Sync) -> (T, SaveError) {
    let results = std::thread::scope(|scope| {
        let started = [(); 2].map(|()| scope.spawn(&work));
        started.map(|thread| thread.join().unwrap())
    });
    match results {
        [Ok(done), Err(refusal)] | [Err(refusal), Ok(done)] => (done, refusal),
        results => panic!("{results:?}"),
    }
}

/// Returns the messages of a result that must be invalid content.
#[track_caller]
pub fn errors_of<T: std::fmt::Debug>(refused: Result<T, SaveError>) -> ValidationErrors {
    match refused {
        Err(SaveError::Rejected(errors)) => errors,
        other => panic!("{other:?}"),
    }
}
