//! Profiles as JSON, in the format that POEM 2.3 exports and its API 0.2 serves: a list of objects with name, version,
//! VO, description and metric instances.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use super::first_line::first_line;
use crate::domain::form::text::{self, RefusedCharacter};
use crate::domain::model::profile::{ProfileContent, Tuple};

// The limits of the fields, in characters.
const VERSION_LIMIT: usize = 10;
const NAME_LIMIT: usize = 128;
const DESCRIPTION_LIMIT: usize = 1024;

/// The reason why a text is not a list of profiles: one line that names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfilesError {
    /// The parser's message, with line and column.
    #[error("this is not JSON: {0}")]
    Syntax(String),
    /// The JSON is not a list.
    #[error("this is not a list of profiles")]
    NotAList,
    /// A profile or a metric instance is wrong.
    #[error("{place}: {problem}")]
    At {
        /// `profile "NAME"`, or `profile [2]` (the third in the list) if the name cannot be used. For a metric instance
        /// followed by `, metric_instances[3]`.
        place: String,
        /// The problem there.
        problem: ProfileProblem,
    },
}

/// A problem of a profile or of a metric instance. The texts are names of fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// The list has a value that is not a JSON object.
    #[error("is not an object")]
    NotAnObject,
    /// A required field is missing or null.
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    /// A name is empty or only white space.
    #[error("\"{0}\" is empty")]
    Empty(&'static str),
    /// A field that must be a JSON string is not.
    #[error("\"{0}\" is not text")]
    NotText(&'static str),
    /// A field that must be a JSON list is not.
    #[error("\"{0}\" is not a list")]
    NotAList(&'static str),
    /// A text is longer than its limit.
    #[error("\"{field}\" has {length} characters, {limit} are allowed")]
    TooLong {
        /// The name of the field.
        field: &'static str,
        /// The length, in characters.
        length: usize,
        /// The limit, in characters.
        limit: usize,
    },
    /// A text has a control character, such as a line end.
    #[error("\"{0}\" has a control character: {1}")]
    ControlCharacter(&'static str, RefusedCharacter),
    /// A name has a character that nobody can see.
    #[error("\"{0}\" has an invisible character: {1}")]
    InvisibleCharacter(&'static str, RefusedCharacter),
    /// A profile has two different VOs.
    #[error("\"vo\" and \"atp_vo\" differ")]
    VosDiffer,
    /// A profile occurs twice with the same version, which is given.
    #[error("version {0:?} occurs twice")]
    DoubledProfile(String),
}

/// The content of a file of profiles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedProfiles {
    /// The profiles. Their groups are empty, because the format has none.
    pub profiles: Vec<ProfileContent>,
    /// The tuples that were left out because they occur twice, a line each. POEM 2.3 allowed that if the FQAN is null.
    pub warnings: Vec<String>,
}

/// Reads a list of profiles. Unknown keys and the VOs of instances are ignored. Of equal tuples, the first is kept.
///
/// # Errors
/// The first problem: a required value that is missing or null (name, version, vo or atp_vo, metric_instances; of an
/// instance metric and atp_service_type_flavour), empty (all of these but version) or too long; a missing key
/// `description` (null is allowed); two different VOs; a profile that occurs twice.
pub fn parse(text: &[u8]) -> Result<ParsedProfiles, ProfilesError> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let json: Value = serde_json::from_slice(text).map_err(|error| {
        let seen = first_line(text).map(|line| format!("; it begins with {line}")).unwrap_or_default();
        ProfilesError::Syntax(format!("{error}{seen}"))
    })?;
    let entries = json.as_array().ok_or(ProfilesError::NotAList)?;
    let mut seen = HashSet::with_capacity(entries.len());
    let mut parsed = ParsedProfiles::default();
    for (position, entry) in entries.iter().enumerate() {
        let profile = parse_profile(position, entry, &mut parsed.warnings)?;
        if !seen.insert((profile.name.clone(), profile.version.clone())) {
            let problem = ProfileProblem::DoubledProfile(profile.version);
            return Err(ProfilesError::At { place: format!("profile {:?}", profile.name), problem });
        }
        parsed.profiles.push(profile);
    }
    Ok(parsed)
}

fn parse_profile(position: usize, entry: &Value, warnings: &mut Vec<String>) -> Result<ProfileContent, ProfilesError> {
    let object = Object::new(format!("profile [{position}]"), entry)?;
    let name = object.filled("name")?;
    let object = Object { place: format!("profile {name:?}"), ..object };
    let version =
        object.line("version", VERSION_LIMIT)?.ok_or_else(|| object.error(ProfileProblem::Missing("version")))?;
    let vo = vo(&object)?;
    let description = description(&object)?;
    let tuples = tuples(&object, warnings)?;
    Ok(ProfileContent { name, version, vo, description, group: String::new(), tuples })
}

/// The field `vo`, or `atp_vo` as API 0.2 calls it. If both are given, they must be equal.
fn vo(profile: &Object<'_>) -> Result<String, ProfilesError> {
    match (profile.text("vo")?, profile.text("atp_vo")?) {
        (Some(vo), Some(atp_vo)) if vo != atp_vo => Err(profile.error(ProfileProblem::VosDiffer)),
        (None, Some(_)) => profile.filled("atp_vo"),
        _ => profile.filled("vo"),
    }
}

/// The description. It may have several lines.
fn description(profile: &Object<'_>) -> Result<Option<String>, ProfilesError> {
    const FIELD: &str = "description";
    if !profile.fields.contains_key(FIELD) {
        return Err(profile.error(ProfileProblem::Missing(FIELD)));
    }
    let description = profile.text(FIELD)?.map(text::long);
    profile.check_length(FIELD, description.as_deref(), DESCRIPTION_LIMIT)?;
    match description.as_deref().and_then(text::control_in_long) {
        Some(found) => Err(profile.error(ProfileProblem::ControlCharacter(FIELD, found))),
        None => Ok(description),
    }
}

fn tuples(profile: &Object<'_>, warnings: &mut Vec<String>) -> Result<Vec<Tuple>, ProfilesError> {
    const FIELD: &str = "metric_instances";
    let entries = match profile.fields.get(FIELD) {
        None | Some(Value::Null) => return Err(profile.error(ProfileProblem::Missing(FIELD))),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(profile.error(ProfileProblem::NotAList(FIELD))),
    };
    let mut seen = HashSet::with_capacity(entries.len());
    let mut tuples = Vec::with_capacity(entries.len());
    for (position, entry) in entries.iter().enumerate() {
        let object = Object::new(format!("{}, {FIELD}[{position}]", profile.place), entry)?;
        let tuple = Tuple {
            service_flavour: object.filled("atp_service_type_flavour")?,
            metric: object.filled("metric")?,
            fqan: object.line("fqan", NAME_LIMIT)?.unwrap_or_default(),
        };
        if !seen.insert(tuple.clone()) {
            warnings.push(format!("{}: the same tuple occurs before, left out", object.place));
            continue;
        }
        tuples.push(tuple);
    }
    Ok(tuples)
}

/// A JSON object with its place, which errors name. A null value counts as missing.
struct Object<'a> {
    place: String,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    fn new(place: String, value: &'a Value) -> Result<Self, ProfilesError> {
        match value {
            Value::Object(fields) => Ok(Self { place, fields }),
            _ => Err(ProfilesError::At { place, problem: ProfileProblem::NotAnObject }),
        }
    }

    fn error(&self, problem: ProfileProblem) -> ProfilesError {
        ProfilesError::At { place: self.place.clone(), problem }
    }

    fn text(&self, field: &'static str) -> Result<Option<&'a str>, ProfilesError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(ProfileProblem::NotText(field))),
        }
    }

    fn check_length(&self, field: &'static str, text: Option<&str>, limit: usize) -> Result<(), ProfilesError> {
        let length = text.map_or(0, |text| text.chars().count());
        match length > limit {
            true => Err(self.error(ProfileProblem::TooLong { field, length, limit })),
            false => Ok(()),
        }
    }

    /// A text of one line, as a form stores it: trimmed, without control and invisible characters.
    fn line(&self, field: &'static str, limit: usize) -> Result<Option<String>, ProfilesError> {
        let Some(line) = self.text(field)?.map(text::line) else { return Ok(None) };
        self.check_length(field, Some(&line), limit)?;
        let control = text::control_in_line(&line).map(|found| ProfileProblem::ControlCharacter(field, found));
        let invisible = || text::invisible_in_line(&line).map(|found| ProfileProblem::InvisibleCharacter(field, found));
        match control.or_else(invisible) {
            Some(problem) => Err(self.error(problem)),
            None => Ok(Some(line)),
        }
    }

    /// A name: required, and not only white space.
    fn filled(&self, field: &'static str) -> Result<String, ProfilesError> {
        match self.line(field, NAME_LIMIT)? {
            None => Err(self.error(ProfileProblem::Missing(field))),
            Some(text) if text.is_empty() => Err(self.error(ProfileProblem::Empty(field))),
            Some(text) => Ok(text),
        }
    }
}

#[derive(Serialize)]
struct ProfileBody<'a> {
    name: &'a str,
    vo: &'a str,
    version: &'a str,
    description: Option<&'a str>,
    metric_instances: Vec<InstanceBody<'a>>,
}

#[derive(Serialize)]
struct InstanceBody<'a> {
    metric: &'a str,
    /// Null if it is empty, as in an export of POEM 2.3.
    fqan: Option<&'a str>,
    vo: &'a str,
    atp_service_type_flavour: &'a str,
}

impl<'a> From<&'a ProfileContent> for ProfileBody<'a> {
    fn from(profile: &'a ProfileContent) -> Self {
        let instance = |tuple: &'a Tuple| InstanceBody {
            metric: &tuple.metric,
            fqan: Some(tuple.fqan.as_str()).filter(|fqan| !fqan.is_empty()),
            vo: &profile.vo,
            atp_service_type_flavour: &tuple.service_flavour,
        };
        Self {
            name: &profile.name,
            vo: &profile.vo,
            version: &profile.version,
            description: profile.description.as_deref(),
            metric_instances: profile.tuples.iter().map(instance).collect(),
        }
    }
}

/// Writes profiles in the format of POEM 2.3: indented by four spaces, ASCII only, without a newline at the end. Groups
/// are left out.
pub fn to_json(profiles: &[ProfileContent]) -> String {
    let bodies: Vec<ProfileBody<'_>> = profiles.iter().map(ProfileBody::from).collect();
    let mut json = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut json, PrettyFormatter::with_indent(b"    "));
    bodies.serialize(&mut serializer).expect("strings and lists always serialize, and writing to memory cannot fail");
    escape_to_ascii(&String::from_utf8(json).expect("JSON is UTF-8"))
}

/// Escapes all characters outside ASCII. In JSON they occur only within strings, where an escape is equivalent.
fn escape_to_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\n' | ' '..='~' => ascii.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    ascii.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests;
