//! The merged settings of file and environment: sections of texts, with getters for the types of poem.conf.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::environment::{self, Overrides};
use super::error::{ConfigError, ConfigProblem};
use super::ini::{DEFAULT, Dialect, SECTIONS};
use super::interpolation::expand;
use super::known_keys;
use crate::domain::security::secret::Secret;

/// The placeholder for passwords in the poem.conf that is shipped.
pub const PLACEHOLDER: &str = "CHANGE_ME";

/// All sections with their raw values; keys are in lower case. `Debug` shows names, never values.
#[derive(Clone)]
pub struct MergedSettings {
    file: PathBuf,
    sections: BTreeMap<String, BTreeMap<String, Raw>>,
}

/// A value before interpolation, with its place for errors.
#[derive(Clone)]
struct Raw {
    text: String,
    origin: String,
}

/// One section to read values from. A key that it does not have is looked up in `[DEFAULT]`.
#[derive(Clone, Copy)]
pub struct ConfigSection<'a> {
    settings: &'a MergedSettings,
    name: &'a str,
}

impl MergedSettings {
    /// Reads the file, and overrides its values by the variables `POEM__SECTION__KEY`.
    ///
    /// # Errors
    /// `Unreadable`, `NotUtf8`, or the errors of the dialect ([`Dialect::document`]).
    pub fn load(file: &Path, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let bytes = std::fs::read(file).map_err(|error| {
            ConfigError::new(file.display().to_string(), ConfigProblem::Unreadable(error.to_string()))
        })?;
        let dialect = Dialect::new(file);
        let text = dialect.decode(bytes)?;
        let merged = ::config::Config::builder()
            .add_source(::config::File::from_str(&text, dialect))
            .add_source(Overrides::new(file, variables)?)
            .build()
            .and_then(|merged| merged.get_table(SECTIONS));
        let tables = merged.map_err(|error| own_error(file, error))?;
        let mut sections = BTreeMap::new();
        for (name, table) in tables {
            sections.insert(name, raw_values(table).map_err(|error| own_error(file, error))?);
        }
        Ok(Self { file: file.to_owned(), sections })
    }

    /// Returns a required section.
    ///
    /// # Errors
    /// `Missing`.
    pub fn required<'a>(&'a self, name: &'a str) -> Result<ConfigSection<'a>, ConfigError> {
        self.optional(name).ok_or_else(|| self.error(ConfigProblem::Missing).in_section(name))
    }

    /// Returns a section; `None` if neither file nor environment has it.
    pub fn optional<'a>(&'a self, name: &'a str) -> Option<ConfigSection<'a>> {
        self.sections.contains_key(name).then_some(ConfigSection { settings: self, name })
    }

    /// The section `[DEFAULT]`; empty if the file has none.
    pub fn default_section(&self) -> ConfigSection<'_> {
        ConfigSection { settings: self, name: DEFAULT }
    }

    /// The names of the sections in alphabetical order, without `[DEFAULT]`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str).filter(|name| *name != DEFAULT)
    }

    /// The sections and keys that nothing reads, each as an error with the name that was probably meant.
    ///
    /// A key that a value refers to by `%(KEY)s` is in use, whatever its name.
    pub fn unknown(&self) -> Vec<ConfigError> {
        let mut unknown = Vec::new();
        for (section, keys) in &self.sections {
            let Some((_, first)) = keys.first_key_value() else { continue };
            if section != DEFAULT && known_keys::keys(section).is_none() {
                let problem = ConfigProblem::Unknown(known_keys::similar_section(section));
                unknown.push(ConfigError::new(first.origin.clone(), problem).in_section(section));
                continue;
            }
            for (key, raw) in keys.iter().filter(|(key, _)| !known_keys::is_known(section, key) && !self.refers_to(key))
            {
                let similar = known_keys::similar_key(section, key).map(str::to_owned);
                let error = ConfigError::new(raw.origin.clone(), ConfigProblem::Unknown(similar));
                unknown.push(error.in_section(section).at_key(key));
            }
        }
        unknown
    }

    fn refers_to(&self, key: &str) -> bool {
        let reference = format!("%({key})s");
        self.sections.values().flat_map(BTreeMap::values).any(|raw| raw.text.to_lowercase().contains(&reference))
    }

    /// Returns true if the file itself, not the environment, has a password.
    pub fn has_password(&self) -> bool {
        let is_secret = |key: &str| ["password", "httppass"].contains(&key);
        let is_set =
            |raw: &Raw| !raw.text.is_empty() && raw.text != PLACEHOLDER && !environment::is_origin(&raw.origin);
        self.sections.values().flatten().any(|(key, raw)| is_secret(key) && is_set(raw))
    }

    /// The path of the file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn error(&self, problem: ConfigProblem) -> ConfigError {
        ConfigError::new(self.file.display().to_string(), problem)
    }
}

impl fmt::Debug for MergedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: BTreeMap<_, Vec<_>> =
            self.sections.iter().map(|(name, keys)| (name, keys.keys().collect())).collect();
        f.debug_struct("MergedSettings").field("file", &self.file).field("keys", &names).finish()
    }
}

/// Extracts the error of the dialect, which the `config` crate wraps into its own.
fn own_error(file: &Path, error: ::config::ConfigError) -> ConfigError {
    if let ::config::ConfigError::FileParse { cause, .. } = &error
        && let Some(own) = cause.downcast_ref::<ConfigError>()
    {
        return own.clone();
    }
    // Both sources consist of sections with texts, so no other error is expected. Its message might contain a value.
    ConfigError::new(file.display().to_string(), ConfigProblem::Not("sections of keys and values"))
}

fn raw_values(table: ::config::Value) -> Result<BTreeMap<String, Raw>, ::config::ConfigError> {
    let mut values = BTreeMap::new();
    for (key, value) in table.into_table()? {
        let origin = value.origin().unwrap_or_default().to_owned();
        values.insert(key, Raw { text: value.into_string()?, origin });
    }
    Ok(values)
}

/// The getters. The key is shown in errors as it is passed; lookups ignore its case.
impl<'a> ConfigSection<'a> {
    /// Returns true if the section itself has the key, whether or not `[DEFAULT]` has it.
    pub fn has_own(&self, key: &str) -> bool {
        self.settings.sections.get(self.name).is_some_and(|keys| keys.contains_key(&key.to_lowercase()))
    }

    /// The value with `%(NAME)s` expanded; `None` if the key is neither in the section nor in `[DEFAULT]`.
    ///
    /// # Errors
    /// A reference that cannot be resolved.
    pub fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        debug_assert!(known_keys::is_known(self.name, key), "known_keys lacks [{}] {key}", self.name);
        let Some(raw) = self.raw(&key.to_lowercase()) else { return Ok(None) };
        let lookup = |name: &str| self.raw(name).map(|raw| raw.text.as_str());
        expand(&raw.text, &lookup).map(Some).map_err(|problem| self.error(key, problem))
    }

    /// The value; `''` if it is not set.
    ///
    /// # Errors
    /// A reference that cannot be resolved.
    pub fn text_or_empty(&self, key: &str) -> Result<String, ConfigError> {
        Ok(self.text(key)?.unwrap_or_default())
    }

    /// The value, which may be empty.
    ///
    /// # Errors
    /// `Missing`, or a reference that cannot be resolved.
    pub fn required(&self, key: &str) -> Result<String, ConfigError> {
        self.text(key)?.ok_or_else(|| self.error(key, ConfigProblem::Missing))
    }

    /// The value, which must not be empty.
    ///
    /// # Errors
    /// `Missing`, `Empty`, or a reference that cannot be resolved.
    pub fn filled(&self, key: &str) -> Result<String, ConfigError> {
        let text = self.required(key)?;
        if text.is_empty() { Err(self.error(key, ConfigProblem::Empty)) } else { Ok(text) }
    }

    /// The value as a secret, which may be empty.
    ///
    /// # Errors
    /// `Missing`, or a reference that cannot be resolved.
    pub fn secret(&self, key: &str) -> Result<Secret, ConfigError> {
        self.required(key).map(Secret::new)
    }

    /// A path; `None` if not set or empty.
    ///
    /// # Errors
    /// A reference that cannot be resolved.
    pub fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(key)?.filter(|text| !text.is_empty()).map(PathBuf::from))
    }

    /// A port from 0 to 65535; `None` if not set or empty.
    ///
    /// # Errors
    /// `Not` for another value, or a reference that cannot be resolved.
    pub fn port(&self, key: &str) -> Result<Option<u16>, ConfigError> {
        self.parsed(key, "a port number (0 to 65535)")
    }

    /// A boolean: true, yes, on, 1 or false, no, off, 0 case-insensitively; an empty value is false. `None` if not set.
    ///
    /// # Errors
    /// `Not` for another value, or a reference that cannot be resolved.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            // POEM 2.3 took every value but the empty one for true, so old files use it for false.
            "false" | "no" | "off" | "0" | "" => Ok(Some(false)),
            _ => Err(self.error(key, ConfigProblem::Not("a boolean (True or False)"))),
        }
    }

    /// A value of any type that is parsed from text; `None` if not set or empty. `expected`: the type, for the error.
    ///
    /// # Errors
    /// `Not` with `expected`, or a reference that cannot be resolved.
    pub fn parsed<T: std::str::FromStr>(&self, key: &str, expected: &'static str) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(key)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.error(key, ConfigProblem::Not(expected)))
    }

    /// A comma-separated list, without empty items; `None` if not set.
    ///
    /// # Errors
    /// A reference that cannot be resolved.
    pub fn list(&self, key: &str) -> Result<Option<Vec<String>>, ConfigError> {
        let items =
            |text: String| text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        Ok(self.text(key)?.map(items))
    }

    /// Creates an error about a key of this section, with the place of its value.
    pub fn error(&self, key: &str, problem: ConfigProblem) -> ConfigError {
        let error = match self.raw(&key.to_lowercase()) {
            Some(raw) => ConfigError::new(raw.origin.clone(), problem),
            None => self.settings.error(problem),
        };
        error.in_section(self.name).at_key(key)
    }

    fn raw(&self, key: &str) -> Option<&'a Raw> {
        let in_section = |name: &str| self.settings.sections.get(name).and_then(|keys| keys.get(key));
        in_section(self.name).or_else(|| in_section(DEFAULT))
    }
}
