//! What can go wrong with the database, told apart as far as it matters to the caller.

use std::sync::Arc;

use sqlx::error::DatabaseError;

pub type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is starting or stopping, or has no connection to spare: worth another try soon.
    #[error("the database is not available: {}", words(.0))]
    Unavailable(#[source] sqlx::Error),
    /// The same, found out without an error of the database at hand.
    #[error("the database is not available: {0}")]
    Unreachable(String),
    /// The schema public is of another age than this POEM; a sentence.
    #[error("{0}")]
    SchemaVersion(String),
    /// What kept somebody else from it a moment ago, who asked for us too.
    #[error("{0}")]
    Shared(Arc<Self>),
    /// The data change faster than they can be read.
    #[error("the data keep changing while they are read")]
    Busy,
    /// Tables are missing: no migration ever ran.
    #[error("the database is not prepared (run poem-db -c, then poem-tenant): {}", words(.0))]
    NotPrepared(#[source] sqlx::Error),
    /// A constraint of the schema stopped it; holds the constraint's name.
    #[error("it violates the constraint {0}")]
    Constraint(String),
    #[error("the database answered: {}", words(.0))]
    Other(#[source] sqlx::Error),
}

impl StoreError {
    /// The database did not answer within a time limit of ours.
    pub fn timeout() -> Self {
        Self::Unreachable("timeout".to_owned())
    }

    /// Whether another try soon is worth it.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Unreachable(_)
            | Self::SchemaVersion(_)
            | Self::Busy
            | Self::NotPrepared(_) => true,
            Self::Shared(error) => error.is_transient(),
            Self::Constraint(_) | Self::Other(_) => false,
        }
    }

    /// The name of the constraint that was hit, '' where it was something else.
    pub fn constraint(&self) -> &str {
        match self {
            Self::Constraint(name) => name,
            _ => "",
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::*;
        match &error {
            Io(_) | Tls(_) | PoolTimedOut | PoolClosed | WorkerCrashed | Protocol(_) => Self::Unavailable(error),
            Database(refusal) => match class_of(refusal.as_ref()) {
                Class::Unavailable => Self::Unavailable(error),
                Class::NotPrepared => Self::NotPrepared(error),
                Class::Constraint => Self::Constraint(refusal.constraint().unwrap_or_default().to_owned()),
                Class::Other => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}

enum Class {
    Unavailable,
    NotPrepared,
    Constraint,
    Other,
}

/// By SQLSTATE (PostgreSQL's appendix A).
fn class_of(refusal: &dyn DatabaseError) -> Class {
    let code = refusal.code().unwrap_or_default();
    match code.as_ref() {
        // undefined table, invalid schema name
        "42P01" | "3F000" => Class::NotPrepared,
        // a wrong password or database is a matter of configuration, and mended while we run
        "28P01" | "28000" | "3D000" => Class::Unavailable,
        // lock not available: somebody else holds it for long
        "55P03" => Class::Unavailable,
        _ => match code.get(..2) {
            // connection exception, insufficient resources, operator intervention, system error
            Some("08" | "53" | "57" | "58") => Class::Unavailable,
            Some("23") => Class::Constraint,
            _ => Class::Other,
        },
    }
}

/// What PostgreSQL said, without what sqlx puts around it (a line of PostgreSQL's own source).
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) => refusal.message().to_owned(),
        _ => error.to_string(),
    }
}
