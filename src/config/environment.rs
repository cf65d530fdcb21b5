//! Overrides from the environment: `POEM__SECTION__KEY=value` replaces the value of the file.
//!
//! So poem.conf need not contain passwords. The value is literal (`%(NAME)s` is not expanded), and the case of the name
//! is ignored: `POEM__DATABASE__PASSWORD`, `POEM__SUPERUSER_EGI__PASSWORD`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ::config::{Environment, Map, Source, Value};

use super::error::{ConfigError, ConfigProblem};
use super::ini::SECTIONS;
use super::interpolation::escape;

const PREFIX: &str = "POEM";
const SEPARATOR: &str = "__";
/// The end of the place of a value from the environment.
const IN_ENVIRONMENT: &str = " in the environment";
/// The variables of POEM that are not keys of poem.conf.
const OTHER_VARIABLES: [&str; 2] = ["POEM_CONF", "POEM_PG_BIN"];

/// The variables that override poem.conf, as a source of the `config` crate.
#[derive(Debug, Clone)]
pub struct Overrides {
    file: PathBuf,
    environment: Environment,
}

impl Overrides {
    /// Selects the variables that begin with `POEM__`. `file` is only used in errors.
    ///
    /// # Errors
    /// `NotUtf8` if the name or value of such a variable is not UTF-8.
    pub fn new(file: &Path, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let mut texts = Map::new();
        for (name, value) in variables {
            let shown = name.to_string_lossy().to_uppercase();
            if !shown.starts_with(&format!("{PREFIX}{SEPARATOR}")) {
                continue;
            }
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else {
                return Err(ConfigError::new(variable(file, &shown), ConfigProblem::NotUtf8));
            };
            texts.insert(name, value);
        }
        let environment = Environment::with_prefix(PREFIX).prefix_separator(SEPARATOR).source(Some(texts));
        Ok(Self { file: file.to_owned(), environment })
    }
}

impl Source for Overrides {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ::config::ConfigError> {
        let mut sections: Map<String, Map<String, Value>> = Map::new();
        for (name, value) in self.environment.collect()? {
            // A tenant's name may contain `__`, but no key does: the last one is the separator.
            let Some((section, key)) = name.rsplit_once(SEPARATOR) else { continue };
            // All sections that POEM reads are in upper case.
            let section = section.to_uppercase();
            let origin = variable(&self.file, &format!("{PREFIX}__{section}__{}", key.to_uppercase()));
            let value = Value::new(Some(&origin), escape(&value.into_string()?));
            sections.entry(section).or_default().insert(key.to_owned(), value);
        }
        let tables: Map<String, Value> = sections.into_iter().map(|(name, keys)| (name, keys.into())).collect();
        Ok(Map::from([(SECTIONS.to_owned(), tables.into())]))
    }
}

/// The place of a variable for an error.
/// Returns the variables that look like ours and have no effect: `POEM_SERVER_PORT`, `POEM__PORT`.
pub fn unknown(file: &Path, names: impl IntoIterator<Item = OsString>) -> Vec<ConfigError> {
    let is_ours = |name: &str| {
        let section_and_key = name.strip_prefix("POEM__").and_then(|rest| rest.split_once(SEPARATOR));
        OTHER_VARIABLES.contains(&name)
            || section_and_key.is_some_and(|(section, key)| !section.is_empty() && !key.is_empty())
    };
    let names = names.into_iter().map(|name| name.to_string_lossy().to_uppercase());
    let unknown = names.filter(|name| name.starts_with("POEM_") && !is_ours(name));
    let meant = || Some("POEM__SECTION__KEY, with two underscores each".to_owned());
    unknown.map(|name| ConfigError::new(variable(file, &name), ConfigProblem::Unknown(meant()))).collect()
}

/// Returns true if the place of a value is a variable of the environment.
pub fn is_origin(place: &str) -> bool {
    place.ends_with(IN_ENVIRONMENT)
}

fn variable(file: &Path, name: &str) -> String {
    format!("{} overridden by {name}{IN_ENVIRONMENT}", file.display())
}
