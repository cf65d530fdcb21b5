//! Failed logins, counted by the hash of an account's name or of an address. Times are the database's.

use chrono::{DateTime, Utc};

use super::{Result, WriteTx};
use crate::domain::security::login_throttle::{Failures, LOCKED_FOR, Subject};

/// Most rows that [`delete_forgotten`] removes at once.
const AT_ONCE: i64 = 100;

/// What is known of the subject, and what time it is: nobody else can count it before the end of the transaction.
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

/// Sets the count; the last failure is now.
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

/// Takes one failure back; the time stays.
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

pub async fn delete(tx: &mut WriteTx<'_>, subject: Subject<'_>) -> Result<()> {
    sqlx::query!("DELETE FROM login_failure WHERE kind = $1 AND subject_hash = $2", subject.kind(), subject.hash())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes what no longer counts, some at a time, so that the table does not grow. Waits for nobody: what somebody else
/// has locked stays.
pub async fn delete_forgotten(tx: &mut WriteTx<'_>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM login_failure WHERE (kind, subject_hash) IN
             (SELECT kind, subject_hash FROM login_failure WHERE last_failure < now() - make_interval(secs => $1)
              LIMIT $2 FOR UPDATE SKIP LOCKED)",
        LOCKED_FOR.as_seconds_f64(),
        AT_ONCE
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
