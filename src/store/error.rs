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
    /// The connection goes through a pooler that does not give each client a session.
    #[error(
        "the connection goes through a pooler in transaction mode, which mixes up sessions: set pool_mode = session for \
         this database (pgbouncer.ini), or let [DATABASE] name PostgreSQL itself"
    )]
    SharedSession,
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

    /// Returns the error of a transaction that could not be begun.
    ///
    /// A standby server refuses one that writes, as a feature that it does not support (0A000): it may be promoted soon.
    pub(super) fn of_begin(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(DatabaseError::code).as_deref() {
            Some("0A000") => Self::Unavailable(error),
            _ => error.into(),
        }
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
            Self::SharedSession | Self::Constraint(_) | Self::Other(_) => false,
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
            Database(refusal) => match class_of(&refusal.code().unwrap_or_default()) {
                Class::Unavailable => Self::Unavailable(error),
                Class::NotPrepared => Self::NotPrepared(error),
                Class::Constraint => Self::Constraint(refusal.constraint().unwrap_or_default().to_owned()),
                Class::Other => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Class {
    Unavailable,
    NotPrepared,
    Constraint,
    Other,
}

/// Classifies an error by its SQLSTATE (PostgreSQL's appendix A).
fn class_of(code: &str) -> Class {
    match code {
        // undefined table, invalid schema name
        "42P01" | "3F000" => Class::NotPrepared,
        // wrong user, password or database: an error of configuration that can be fixed while POEM runs
        "28P01" | "28000" | "3D000" => Class::Unavailable,
        // lock not available: another transaction holds it for long
        "55P03" => Class::Unavailable,
        // read-only: a standby, or a database that is frozen for the moment
        "25006" => Class::Unavailable,
        // the transaction was ended after a time limit: idle, or as a whole
        "25P03" | "25P04" => Class::Unavailable,
        // a constraint that was checked at the commit, although of the class of rollbacks
        "40002" => Class::Constraint,
        // snapshot too old
        "72000" => Class::Unavailable,
        _ => match code.get(..2) {
            // connection exception, rollback (serialization failure, deadlock), insufficient resources, operator
            // intervention, system error
            Some("08" | "40" | "53" | "57" | "58") => Class::Unavailable,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_may_pass_are_unavailable_and_no_others() {
        let transient = [
            "08000", "08006", "08P01", "25006", "25P03", "25P04", "28000", "28P01", "3D000", "40000", "40001", "40003",
            "40P01", "53000", "53100", "53200", "53300", "53400", "55P03", "57000", "57014", "57P01", "57P02", "57P03",
            "57P04", "57P05", "58000", "58030", "58P01", "72000",
        ];
        for code in transient {
            assert_eq!(class_of(code), Class::Unavailable, "{code}");
        }
        for code in ["0A000", "22001", "25P02", "42501", "42601", "42703", "55000", "P0001", "XX000", "XX001", ""] {
            assert_eq!(class_of(code), Class::Other, "{code}");
        }
        for code in ["23000", "23502", "23503", "23505", "23514", "40002"] {
            assert_eq!(class_of(code), Class::Constraint, "{code}");
        }
        for code in ["42P01", "3F000"] {
            assert_eq!(class_of(code), Class::NotPrepared, "{code}");
        }
    }
}
