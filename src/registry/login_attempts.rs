//! The rate limit of logins: every attempt is counted as a failure before the password is checked.
//!
//! The failures of an account lock it for all browsers and addresses that are not known. Whoever has logged in from a
//! browser or an address before is held to the failures made there, so that strangers cannot lock them out.

use super::Transaction;
use super::audit_log::record;
use super::login_request::{LoginError, LoginRequest};
use crate::domain::model::log_entry::LogAction;
use crate::domain::model::object_kind::ObjectKind;
use crate::domain::security::login_throttle::{LOG_TARGET, Subject};
use crate::store::{StoreError, login_addresses, login_failures};

/// An attempt that the rate limit has allowed, counted as a failure until [`Attempt::reset`].
pub(super) struct Attempt<'a> {
    request: LoginRequest<'a>,
    /// The subjects in the order in which they are locked. The first is the account, or what stands for it.
    subjects: Vec<Subject<'a>>,
    /// The failures of each subject, this one included.
    counts: Vec<u32>,
}

impl<'a> Attempt<'a> {
    /// Counts a login. `browser` is the id of a browser that has logged in to this account before; `None` if unknown.
    ///
    /// # Errors
    /// `TooMany` if a subject has to wait; `Store`.
    pub(super) async fn of_login(
        request: LoginRequest<'a>,
        username: &'a str,
        browser: Option<&'a str>,
    ) -> Result<Self, LoginError> {
        let mut tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
        let address = request.client.address;
        let subjects = match browser {
            Some(browser) => vec![Subject::Browser(browser)],
            None => {
                let at = Subject::Address(address).hash();
                let is_known = login_addresses::is_known(tx.conn(), username, &at).await?;
                let own = if is_known { Subject::Place(username, address) } else { Subject::Account(username) };
                std::iter::once(own).chain(Subject::networks(address)).collect()
            }
        };
        Self::count(tx, request, subjects).await
    }

    /// Counts a change of the own password, by the session.
    ///
    /// # Errors
    /// `TooMany`, `Store`.
    pub(super) async fn of_session(request: LoginRequest<'a>, id_hash: &'a [u8]) -> Result<Self, LoginError> {
        let tx = Transaction::bookkeeping(request.pool, &request.tenant.schema).await?;
        Self::count(tx, request, vec![Subject::Session(id_hash)]).await
    }

    /// Counts the attempt as a failure before the password is checked: concurrent attempts get no more tries than
    /// consecutive ones.
    async fn count(
        mut tx: Transaction,
        request: LoginRequest<'a>,
        subjects: Vec<Subject<'a>>,
    ) -> Result<Self, LoginError> {
        let mut counts = Vec::new();
        // Always lock in the same order, from the account to the largest network: two attempts could deadlock else.
        for subject in &subjects {
            let (failures, now) = login_failures::lock(tx.write_tx(), *subject).await?;
            if let Some(wait) = failures.wait(*subject, now) {
                return Err(LoginError::TooMany(wait));
            }
            counts.push(failures.one_more(now));
        }
        for (subject, count) in subjects.iter().zip(&counts) {
            login_failures::update(tx.write_tx(), *subject, *count).await?;
        }
        login_failures::delete_forgotten(tx.write_tx()).await?;
        tx.commit().await?;
        Ok(Self { request, subjects, counts })
    }

    /// Awaits the check of a password; if the database fails, undoes the count of the attempt.
    ///
    /// An attempt that could not be checked is not a failed login. If the count cannot be undone either, it stays.
    pub(super) async fn undone_on_error<T>(
        &self,
        check: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, LoginError> {
        match check.await {
            Ok(checked) => Ok(checked),
            Err(error) => {
                if let Err(also) = self.undo().await {
                    let tenant = &self.request.tenant.name;
                    log::warn!(target: LOG_TARGET, "{tenant}: a login stays counted as failed: {also}");
                }
                Err(error.into())
            }
        }
    }

    async fn undo(&self) -> Result<(), StoreError> {
        let mut tx = Transaction::bookkeeping(self.request.pool, &self.request.tenant.schema).await?;
        for subject in &self.subjects {
            login_failures::undo_count(tx.write_tx(), *subject).await?;
        }
        tx.commit().await
    }

    /// Resets the failures of the account, or of what stands for it, and removes this attempt from the others.
    pub(super) async fn reset(&self, tx: &mut Transaction) -> Result<(), StoreError> {
        for (index, subject) in self.subjects.iter().enumerate() {
            match index {
                0 => login_failures::delete(tx.write_tx(), *subject).await?,
                _ => login_failures::undo_count(tx.write_tx(), *subject).await?,
            }
        }
        Ok(())
    }

    /// Logs a failed login; if it locks the account, adds a log entry to the audit log.
    ///
    /// A name that no account has is not logged: it may be a password typed into the wrong field.
    pub(super) async fn report(&self, user: Option<(i64, &str)>) -> Result<(), StoreError> {
        let (tenant, address) = (&self.request.tenant.name, self.request.client.address);
        let name = user.map_or("somebody unknown", |(_, name)| name);
        log::warn!(target: LOG_TARGET, "{tenant}: failed login of {name} from {address}");
        for (subject, count) in self.subjects.iter().zip(&self.counts) {
            if *count != subject.locked_at() {
                continue;
            }
            let locked = subject.in_words(name);
            log::warn!(target: LOG_TARGET, "{tenant}: {locked} is locked after {count} failed logins");
            if let (Subject::Account(_), Some(user)) = (subject, user) {
                let mut tx = Transaction::bookkeeping(self.request.pool, &self.request.tenant.schema).await?;
                let message = format!("Locked after {count} failed logins.");
                record(&mut tx, user, LogAction::Change, (ObjectKind::CustUser, user.0, user.1), &message).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}
