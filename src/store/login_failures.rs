//! Failed logins, counted by the hash of an account's name or of an address. Times are those of the database.

use chrono::{DateTime, Utc};

use super::{Result, WriteTx};
use crate::domain::security::login_throttle::{Failures, LOCKED_FOR, Subject};

/// The most rows that [`delete_forgotten`] removes with one call.
const BATCH_SIZE: i64 = 100;

/// Returns the failures of the subject and the current time; locks them until the end of the transaction.
pub async fn lock(tx: &mut WriteTx<'_>, subject: Subject<'_>) -> Result<(Failures, DateTime<Utc>)> {
    let row = sqlx::query!(
        r#"INSERT INTO login_failure AS f (kind, subject_hash, failures, last_failure) VALUES ($1, $2, 0, now())
           ON CONFLICT (kind, subject_hash) DO UPDATE SET failures = f.failures
           RETURNING failures, last_failure, now() AS "now!""#,
        subject.kind(),
        subject.hash()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((Failures { count: row.failures.try_into().unwrap_or_default(), last: row.last_failure }, row.now))
}

/// Sets the number of failures; the time of the last failure becomes now.
pub async fn update(tx: &mut WriteTx<'_>, subject: Subject<'_>, count: u32) -> Result<()> {
    sqlx::query!(
        "UPDATE login_failure SET failures = $3, last_failure = now() WHERE kind = $1 AND subject_hash = $2",
        subject.kind(),
        subject.hash(),
        i32::try_from(count).unwrap_or(i32::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Reduces the number of failures by one; the time of the last failure stays.
pub async fn undo_count(tx: &mut WriteTx<'_>, subject: Subject<'_>) -> Result<()> {
    sqlx::query!(
        "UPDATE login_failure SET failures = greatest(failures - 1, 0) WHERE kind = $1 AND subject_hash = $2",
        subject.kind(),
        subject.hash()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the failures of the subject.
pub async fn delete(tx: &mut WriteTx<'_>, subject: Subject<'_>) -> Result<()> {
    sqlx::query!("DELETE FROM login_failure WHERE kind = $1 AND subject_hash = $2", subject.kind(), subject.hash())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes a batch of rows that no longer count, so that the table does not grow; returns their number.
///
/// Never waits: it skips rows that another transaction has locked.
pub async fn delete_forgotten(tx: &mut WriteTx<'_>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM login_failure WHERE (kind, subject_hash) IN
             (SELECT kind, subject_hash FROM login_failure WHERE last_failure < now() - make_interval(secs => $1)
              LIMIT $2 FOR UPDATE SKIP LOCKED)",
        LOCKED_FOR.as_seconds_f64(),
        BATCH_SIZE
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
