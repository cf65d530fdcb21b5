//! The errors of the database, distinguished as far as callers need it.

use std::sync::Arc;

use sqlx::error::DatabaseError;

/// The result of every function of `store`.
pub type Result<T> = std::result::Result<T, StoreError>;

/// An error of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is unreachable, starting or stopping, or has no free connection: a retry may succeed soon.
    #[error("the database is not available: {}", words(.0))]
    Unavailable(#[source] sqlx::Error),
    /// The same as `Unavailable`, but without an error of the driver; holds the reason.
    #[error("the database is not available: {0}")]
    Unreachable(String),
    /// The schema public is older or newer than this POEM; holds a sentence about it.
    #[error("{0}")]
    SchemaVersion(String),
    /// The error of another request a moment ago, whose query this request shared.
    #[error("{0}")]
    Shared(Arc<Self>),
    /// The data change faster than they can be read.
    #[error("the data kept changing while they were read")]
    Busy,
    /// Tables are missing because no migration was ever applied.
    #[error("the database is not prepared (run poem-db -c, then poem-tenant): {}", words(.0))]
    NotPrepared(#[source] sqlx::Error),
    /// A constraint of the schema was violated; holds the constraint's name.
    #[error("the data violate the constraint {0}")]
    Constraint(String),
    /// Any other error of the database or of the driver.
    #[error("the database reported: {}", words(.0))]
    Other(#[source] sqlx::Error),
}

impl StoreError {
    /// Returns the error of an exceeded time limit of POEM.
    pub fn timeout() -> Self {
        Self::Unreachable("timeout".to_owned())
    }

    /// Returns true if a retry may succeed soon.
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

    /// Returns the name of the violated constraint; '' for other errors.
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

/// Classifies an error by its SQLSTATE (PostgreSQL's appendix A).
fn class_of(refusal: &dyn DatabaseError) -> Class {
    let code = refusal.code().unwrap_or_default();
    match code.as_ref() {
        // undefined table, invalid schema name
        "42P01" | "3F000" => Class::NotPrepared,
        // wrong user, password or database: an error of configuration that can be fixed while POEM runs
        "28P01" | "28000" | "3D000" => Class::Unavailable,
        // lock not available: another transaction holds it for long
        "55P03" => Class::Unavailable,
        _ => match code.get(..2) {
            // connection exception, insufficient resources, operator intervention, system error
            Some("08" | "53" | "57" | "58") => Class::Unavailable,
            Some("23") => Class::Constraint,
            _ => Class::Other,
        },
    }
}

/// Returns the message of PostgreSQL without the additions of sqlx (a line of PostgreSQL's own source code).
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) => refusal.message().to_owned(),
        _ => error.to_string(),
    }
}
