//! Who is logged in at the demo identity provider, in which browser, and at which service providers. Kept in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::responses::new_id;
use crate::domain::model::federated_identity::NameId;
use crate::domain::security::keys::random_hex;

/// The session of a browser.
#[derive(Debug, Clone)]
struct IdpSession {
    person: usize,
    index: String,
    participants: Vec<Participant>,
}

/// A service provider that takes part in a session.
#[derive(Debug, Clone)]
pub struct Participant {
    /// Its position in the list of service providers.
    pub service_provider: usize,
    /// The name that it knows the person by.
    pub name_id: NameId,
    /// The index of the session.
    pub index: String,
}

/// The sessions, by the value of the browser's cookie.
#[derive(Debug, Default)]
pub struct DemoSessions {
    present: Mutex<HashMap<String, IdpSession>>,
    /// The service providers that still have to be told of a logout.
    leaving: Mutex<HashMap<String, Vec<Participant>>>,
}

impl DemoSessions {
    /// Begins a session and returns the value of its cookie.
    pub fn begin(&self, person: usize) -> String {
        let cookie = random_hex(32);
        let session = IdpSession { person, index: new_id(), participants: Vec::new() };
        lock(&self.present).insert(cookie.clone(), session);
        cookie
    }

    /// The person of a session.
    pub fn person(&self, cookie: &str) -> Option<usize> {
        lock(&self.present).get(cookie).map(|session| session.person)
    }

    /// Adds a service provider to a session, with the name that it has already if it takes part.
    pub fn join(&self, cookie: &str, service_provider: usize, name_id: NameId) -> Option<Participant> {
        let mut present = lock(&self.present);
        let session = present.get_mut(cookie)?;
        let known = session.participants.iter().find(|known| known.service_provider == service_provider).cloned();
        let participant =
            known.unwrap_or_else(|| Participant { service_provider, name_id, index: session.index.clone() });
        session.participants.retain(|other| other.service_provider != service_provider);
        session.participants.push(participant.clone());
        Some(participant)
    }

    /// Ends the sessions in which a service provider knows this name, and returns those that took part.
    pub fn end_by_name(&self, service_provider: usize, name_id: &str, indexes: &[String]) -> Vec<Participant> {
        let is_meant = |participant: &Participant| {
            participant.service_provider == service_provider
                && participant.name_id.value == name_id
                && (indexes.is_empty() || indexes.contains(&participant.index))
        };
        let mut present = lock(&self.present);
        let ended: Vec<String> = present
            .iter()
            .filter(|(_, session)| session.participants.iter().any(is_meant))
            .map(|(cookie, _)| cookie.clone())
            .collect();
        ended.iter().filter_map(|cookie| present.remove(cookie)).flat_map(|session| session.participants).collect()
    }

    /// Ends the session of a browser. [`next_to_tell`](Self::next_to_tell) then names who has to be told.
    pub fn end(&self, cookie: &str) {
        if let Some(session) = lock(&self.present).remove(cookie) {
            lock(&self.leaving).insert(cookie.to_owned(), session.participants);
        }
    }

    /// The next service provider to be told of the logout; `None` if all know.
    pub fn next_to_tell(&self, cookie: &str) -> Option<Participant> {
        let mut leaving = lock(&self.leaving);
        let next = leaving.get_mut(cookie).and_then(Vec::pop);
        if next.is_none() {
            leaving.remove(cookie);
        }
        next
    }
}

/// Locks a table. A panic elsewhere leaves it usable.
fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> NameId {
        NameId { value: value.into(), ..NameId::default() }
    }

    #[test]
    fn a_session_has_one_name_per_service_provider_and_ends_with_all_of_them() {
        let sessions = DemoSessions::default();
        let cookie = sessions.begin(2);
        assert_eq!(sessions.person(&cookie), Some(2));
        let first = sessions.join(&cookie, 0, named("a")).unwrap();
        assert_eq!(sessions.join(&cookie, 0, named("b")).unwrap().name_id, first.name_id);
        sessions.join(&cookie, 1, named("c"));
        assert!(sessions.end_by_name(1, "a", &[]).is_empty());
        assert!(sessions.end_by_name(0, "a", &["another".into()]).is_empty());
        assert_eq!(sessions.end_by_name(0, "a", &[first.index]).len(), 2);
        assert_eq!(sessions.person(&cookie), None);
    }

    #[test]
    fn all_service_providers_are_told_once() {
        let sessions = DemoSessions::default();
        let cookie = sessions.begin(0);
        sessions.join(&cookie, 0, named("a"));
        sessions.join(&cookie, 1, named("b"));
        sessions.end(&cookie);
        assert_eq!(sessions.person(&cookie), None);
        let told =
            std::iter::from_fn(|| sessions.next_to_tell(&cookie)).map(|participant| participant.service_provider);
        assert_eq!(told.collect::<Vec<_>>(), [1, 0]);
    }
}
