//! The reply to a request. The checks have the order of the WEB-API: path, method, token, role, Accept, date, body.

use chrono::NaiveDate;
use percent_encoding::percent_decode_str;

use super::BASE_PATH;
use super::definitions::SentProfile;
use super::messages::{HttpReply, ReceivedRequest};
use super::replies;
use super::snapshots::DemoProfileKind;
use super::state::{DemoTokenRole, TenantData, WebApiTenants, new_id};

/// The path segment of the reports.
pub const REPORTS: &str = "reports";

/// The address of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Reports,
    Profiles(DemoProfileKind),
    Profile(DemoProfileKind, String),
}

impl Target {
    /// Finds the address of a decoded path.
    fn of(path: &str) -> Option<Self> {
        let below = path.strip_prefix(BASE_PATH)?.strip_prefix('/')?;
        let (collection, id) = below.split_once('/').map_or((below, None), |(first, rest)| (first, Some(rest)));
        let kind = DemoProfileKind::ALL.into_iter().find(|kind| kind.collection() == collection);
        match (kind, id) {
            (None, None) if collection == REPORTS => Some(Self::Reports),
            (Some(kind), None) => Some(Self::Profiles(kind)),
            (Some(kind), Some(id)) if !id.is_empty() && !id.contains('/') => Some(Self::Profile(kind, id.to_owned())),
            _ => None,
        }
    }

    fn serves(&self, method: &str) -> bool {
        match self {
            Self::Reports => method == "GET",
            Self::Profiles(_) => ["GET", "POST"].contains(&method),
            Self::Profile(..) => ["GET", "PUT", "DELETE"].contains(&method),
        }
    }
}

/// A request that passed the checks before the body.
struct Admitted<'a> {
    state: &'a WebApiTenants,
    request: &'a ReceivedRequest,
    tenant: &'a str,
    day: NaiveDate,
}

/// Returns the reply to a request.
pub fn reply(state: &WebApiTenants, request: &ReceivedRequest) -> HttpReply {
    let (path, query) = request.path_and_query();
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let clean = without_dots(&decoded);
    if clean != decoded {
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        return replies::moved(&format!("{clean}{query}"));
    }
    let Some(target) = Target::of(&clean) else { return replies::unknown_path() };
    if request.method == "OPTIONS" {
        return replies::options();
    }
    if !target.serves(&request.method) {
        return replies::other_method();
    }
    match admit(state, request) {
        Ok(admitted) => admitted.answer(&target),
        Err(refusal) => refusal,
    }
}

/// Checks token, role, Accept and date.
fn admit<'a>(state: &'a WebApiTenants, request: &'a ReceivedRequest) -> Result<Admitted<'a>, HttpReply> {
    let token = request.header("x-api-key").unwrap_or_default();
    let (tenant, role) = state.tenant(token).ok_or_else(|| replies::unauthorized(request))?;
    if role == DemoTokenRole::Viewer && request.method != "GET" {
        return Err(replies::forbidden(request));
    }
    if request.header("Accept") != Some("application/json") {
        return Err(replies::not_acceptable(request));
    }
    let day = match parameter(request, "date").filter(|date| !date.is_empty()) {
        None => state.today(),
        Some(date) => parse_day(&date).ok_or_else(|| replies::malformed_date(&date))?,
    };
    Ok(Admitted { state, request, tenant, day })
}

impl Admitted<'_> {
    fn answer(&self, target: &Target) -> HttpReply {
        match (target, self.request.method.as_str()) {
            (Target::Reports, _) => self.read(|data| HttpReply::success(&data.reports.clone().into())),
            (Target::Profiles(kind), "GET") => self.list(*kind),
            (Target::Profiles(kind), _) => self.post(*kind),
            (Target::Profile(kind, id), "GET") => self.get(*kind, id),
            (Target::Profile(kind, id), "PUT") => self.put(*kind, id),
            (Target::Profile(kind, id), _) => self.delete(*kind, id),
        }
    }

    fn read(&self, look: impl FnOnce(&TenantData) -> HttpReply) -> HttpReply {
        self.state.read(self.tenant, look)
    }

    fn write(&self, change: impl FnOnce(&mut TenantData) -> HttpReply) -> HttpReply {
        let written = self.state.write(self.tenant, change);
        written.unwrap_or_else(|error| replies::not_stored(&error.to_string()))
    }

    fn list(&self, kind: DemoProfileKind) -> HttpReply {
        let name = parameter(self.request, "name").filter(|name| !name.is_empty());
        self.read(|data| HttpReply::success(&data.snapshots.list(kind, self.day, name.as_deref()).into()))
    }

    fn get(&self, kind: DemoProfileKind, id: &str) -> HttpReply {
        self.read(|data| match data.snapshots.one(kind, id, self.day) {
            none if none.is_empty() => replies::unknown_id(),
            one => HttpReply::success(&one.into()),
        })
    }

    fn post(&self, kind: DemoProfileKind) -> HttpReply {
        let Ok(sent) = SentProfile::parse(kind, &self.request.body) else { return replies::malformed_body() };
        self.write(|data| {
            if refers_to_nothing(data, kind, &sent) {
                return replies::unknown_metric_profile();
            }
            if data.snapshots.is_taken(kind, &sent.name, None) {
                return replies::name_taken(word(kind));
            }
            let id = new_id();
            data.put(kind, &id, self.day, sent);
            let title = capitalised(word(kind));
            replies::created(&title, &id, &self.address(kind, &id))
        })
    }

    /// The address of a profile. The WEB-API knows of no other scheme.
    fn address(&self, kind: DemoProfileKind, id: &str) -> String {
        let host = self.request.header("Host").unwrap_or_default();
        format!("https://{host}{BASE_PATH}/{}/{id}", kind.collection())
    }

    fn put(&self, kind: DemoProfileKind, id: &str) -> HttpReply {
        let Ok(sent) = SentProfile::parse(kind, &self.request.body) else { return replies::malformed_body() };
        self.write(|data| {
            if !data.snapshots.has(kind, id) {
                return replies::unknown_id();
            }
            if data.snapshots.is_taken(kind, &sent.name, Some(id)) {
                return replies::name_taken(word(kind));
            }
            if refers_to_nothing(data, kind, &sent) {
                return replies::unknown_metric_profile();
            }
            let is_new = data.put(kind, id, self.day, sent);
            let title = match kind {
                DemoProfileKind::Aggregation => "Aggregations Profile",
                DemoProfileKind::Metric => "Metric Profile",
            };
            replies::done(&format!(
                "{title} successfully updated{}",
                if is_new { " (new history snapshot)" } else { "" }
            ))
        })
    }

    fn delete(&self, kind: DemoProfileKind, id: &str) -> HttpReply {
        self.write(|data| {
            if data.snapshots.remove(kind, id) {
                replies::done(&format!("{} Successfully Deleted", capitalised(word(kind))))
            } else {
                replies::unknown_id()
            }
        })
    }
}

/// The words for a kind.
fn word(kind: DemoProfileKind) -> &'static str {
    match kind {
        DemoProfileKind::Aggregation => "Aggregation profile",
        DemoProfileKind::Metric => "Metric profile",
    }
}

fn capitalised(word: &str) -> String {
    word.replace("profile", "Profile")
}

fn refers_to_nothing(data: &TenantData, kind: DemoProfileKind, sent: &SentProfile) -> bool {
    kind == DemoProfileKind::Aggregation && data.snapshots.referenced_name(&sent.metric_profile).is_none()
}

/// The first value of a parameter of the query, decoded.
fn parameter(request: &ReceivedRequest, name: &str) -> Option<String> {
    let (_, query) = request.path_and_query();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Parses a day of the form YYYY-MM-DD; other forms with the same meaning are none.
fn parse_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| day.to_string() == text)
}

/// Removes `.`, `..` and doubled slashes from a path.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}
