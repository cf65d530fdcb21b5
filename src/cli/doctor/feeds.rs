//! The feeds that fill lists: their configuration, their certificates, and what came of the last attempts.

use chrono::Utc;
use sqlx::PgConnection;

use super::{Check, Findings};
use crate::cli::sync;
use crate::config::Config;
use crate::domain::model::sync_feed::SyncFeed;
use crate::domain::model::sync_status::{OVERDUE_HOURS, SyncStatus, ago, duration_words};
use crate::domain::model::synced_list::SyncedList;
use crate::domain::model::tenant::Tenant;
use crate::http_client::ca_certificates::CaCertificates;
use crate::http_client::client_certificate::ClientCertificate;
use crate::store::sync_status;
use crate::sync::fetch::Source;

/// The days before the client certificate expires that are worth a note.
const EXPIRY_NOTE_DAYS: i32 = 30;

/// Checks the certificates for feeds. `own`: the client certificate, read with root's privileges if a feed needs it.
pub(super) fn check_certificates(
    findings: &mut Findings,
    config: &Config,
    own: Option<Result<ClientCertificate, String>>,
) {
    match own {
        None => {}
        Some(Err(error)) => findings.wrong(Check::ClientCertificate, error),
        Some(Ok(own)) if own.days_left() < 0 => {
            let message = format!("[SECURITY] HostCert expired on {}", own.not_after());
            findings.wrong(Check::ClientCertificate, message);
        }
        Some(Ok(own)) if own.days_left() < EXPIRY_NOTE_DAYS => {
            let message = format!("[SECURITY] HostCert expires on {}", own.not_after());
            findings.note(Check::ClientCertificate, message);
        }
        Some(Ok(own)) => findings.ok(format!("client certificate, valid until {}", own.not_after())),
    }
    if sync::uses_https(config) || config.webapi.is_some() {
        let security = &config.security;
        let places = CaCertificates { ca_file: security.ca_file.clone(), ca_path: security.ca_path.clone() };
        for problem in places.read().problems {
            findings.wrong(Check::CaCertificates, problem.to_string());
        }
    }
}

/// Checks the feeds of a tenant: their addresses, and the last attempts.
pub(super) async fn check(findings: &mut Findings, conn: &mut PgConnection, tenant: &Tenant, config: &Config) {
    let settings = match config.sync(&tenant.name) {
        Ok(Some(settings)) => settings,
        Ok(None) => return findings.ok(format!("feeds of {}: none is configured", tenant.name)),
        // It is reported with the other sections.
        Err(_) => return,
    };
    let states = match sync_status::of_tenant(conn, &tenant.schema).await {
        Ok(states) => states,
        Err(error) => return findings.wrong(Check::Feeds, format!("states of the feeds: {error}")),
    };
    for feed in SyncFeed::ALL {
        let name = format!("{} of {}", feed.label(), tenant.name);
        match Source::of(feed, &settings, false) {
            Ok(None) => findings.ok(format!("{name}: no feed is configured")),
            Ok(Some(_)) => {
                check_state(findings, &name, feed.into(), &states);
            }
            Err(problem) => {
                let message = format!("[SYNC_{}] {problem}", tenant.name.to_uppercase());
                findings.wrong(Check::Feeds, message);
            }
        }
    }
}

/// Checks the last attempt to follow the WEB-API, for a tenant that has a token.
pub(super) async fn check_aggregation_profiles(findings: &mut Findings, conn: &mut PgConnection, tenant: &Tenant) {
    let list = SyncedList::AggregationProfiles;
    match sync_status::of_tenant(conn, &tenant.schema).await {
        Ok(states) => check_state(findings, &format!("{} of {}", list.label(), tenant.name), list, &states),
        Err(error) => findings.wrong(Check::Feeds, format!("states of the feeds: {error}")),
    }
}

fn check_state(findings: &mut Findings, name: &str, list: SyncedList, states: &[SyncStatus]) {
    let now = Utc::now();
    let Some(status) = states.iter().find(|status| status.list == list) else {
        return findings.note(Check::Feeds, format!("{name}: never fetched; cron runs {}", list.command()));
    };
    let succeeded = status.last_success.map(|success| now - success);
    if status.result.is_failure() {
        let since = status.failing_since.and_then(|since| duration_words(now - since)).unwrap_or_default();
        let since = if since.is_empty() { String::new() } else { format!(" for {since}") };
        findings.wrong(Check::Feeds, format!("{name}: {}{since}: {}", status.result.text(), status.message));
    } else if status.needs_attention(now) {
        let when = succeeded.and_then(duration_words).map_or("never".to_owned(), |words| format!("{words} ago"));
        let message =
            format!("{name}: last fetched {when}, more than {OVERDUE_HOURS} hours: does cron run {}?", list.command());
        findings.wrong(Check::Feeds, message);
    } else {
        findings.ok(format!("{name}: {}, {}", status.result.text(), ago(status.last_attempt, now)));
    }
}
