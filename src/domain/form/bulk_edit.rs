//! A bulk edit: the same change for many objects. It sets fields of one value, one setting in a field of rows, and the rows
//! of a table.

use super::field::{Field, Kind, RowValues};
use super::raw_value::RawValue;
use super::rows_edit::RowsEdit;
use super::submitted::Draft;
use super::text;
use super::validation_error::ValidationErrors;

/// The prefix of the inputs with the new value of a field: `to_group`. An empty value changes nothing.
pub const TO: &str = "to_";
/// The new value that empties a field which is not required.
pub const NOTHING: &str = "-";
/// The input with the name of the field of rows.
pub const SECTION: &str = "setting_section";
/// The input with the key. An empty key changes no setting.
pub const KEY: &str = "setting_key";
/// The input with what is done to the setting, one of [`SettingAction::ALL`].
pub const ACTION: &str = "setting_action";
/// The input with the new value of the setting.
pub const VALUE: &str = "setting_value";

/// What is done to a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingAction {
    /// The value is set; the setting is added to objects that lack it.
    Set,
    /// The value is set in objects that have the setting.
    SetExisting,
    /// The setting is removed.
    Remove,
}

impl SettingAction {
    /// All actions, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Set, Self::SetExisting, Self::Remove];

    /// Returns the value in forms, and the label.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Set => ("set", "Set to (add it where it is missing)"),
            Self::SetExisting => ("set-existing", "Set to, only where it exists"),
            Self::Remove => ("remove", "Remove it"),
        }
    }
}

/// The change of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SettingEdit {
    section: &'static str,
    key: String,
    action: SettingAction,
    value: String,
}

/// A change of many objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BulkEdit {
    /// The names of fields with one value, and their new values.
    values: Vec<(&'static str, String)>,
    setting: Option<SettingEdit>,
    rows: Option<RowsEdit>,
}

/// Returns true if the field has settings, each a key and a value.
pub fn is_section<C>(field: &Field<C>) -> bool {
    matches!(field.kind, Kind::Rows { columns: [_, _], .. })
}

impl BulkEdit {
    /// Reads the edit from a form. Of the fields, only those with these names can be changed.
    ///
    /// # Errors
    /// The form changes nothing, names a setting incompletely, or has a table that cannot be read.
    pub fn read<C>(
        fields: &[Field<C>],
        names: &[&str],
        get: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ValidationErrors> {
        let mut edit = Self { rows: RowsEdit::read(fields, names, &get)?, ..Self::default() };
        let get = |name: &str| text::trim(&get(name).unwrap_or_default()).to_owned();
        for field in fields.iter().filter(|field| names.contains(&field.name)) {
            match get(&format!("{TO}{}", field.name)) {
                _ if matches!(field.kind, Kind::Rows { .. }) => {}
                value if value.is_empty() => {}
                value if value == NOTHING && !field.required => edit.values.push((field.name, String::new())),
                value => edit.values.push((field.name, value)),
            }
        }
        edit.setting = setting(fields, names, get)?;
        match edit == Self::default() {
            true => Err(ValidationErrors::of_form("Choose what to change.")),
            false => Ok(edit),
        }
    }

    /// Returns the content of an object after the edit.
    ///
    /// # Errors
    /// The values violate the rules of the form, or the object has the key several times.
    pub fn apply<C>(&self, fields: &[Field<C>], content: C) -> Result<C, ValidationErrors> {
        let mut draft = Draft::of(fields, &content);
        for (name, value) in &self.values {
            draft.set(name, RawValue::Text(value.clone()));
        }
        if let Some(setting) = &self.setting {
            setting.apply(&mut draft)?;
        }
        let Some(rows) = &self.rows else { return draft.parse_change(fields, content) };
        let origins = rows.apply(fields, (&mut draft, &content))?;
        draft.parse_change(fields, content).map_err(|errors| origins.name_lines(fields, errors))
    }
}

/// Reads the edit of a setting; `None` if the form has no key.
fn setting<C>(
    fields: &[Field<C>],
    names: &[&str],
    get: impl Fn(&str) -> String,
) -> Result<Option<SettingEdit>, ValidationErrors> {
    let (key, value, section, action) = (get(KEY), get(VALUE), get(SECTION), get(ACTION));
    if key.is_empty() {
        return match value.is_empty() {
            true => Ok(None),
            false => Err(ValidationErrors::at(KEY, "Enter the key of the setting.")),
        };
    }
    let known = fields
        .iter()
        .filter(|field| is_section(field))
        .find(|field| field.name == section && names.contains(&field.name));
    let section = known.ok_or_else(|| ValidationErrors::at(SECTION, "Choose a section."))?.name;
    let action = SettingAction::ALL.into_iter().find(|it| it.words().0 == action).unwrap_or(SettingAction::Set);
    Ok(Some(SettingEdit { section, key, action, value }))
}

impl SettingEdit {
    fn apply(&self, draft: &mut Draft) -> Result<(), ValidationErrors> {
        let mut rows = draft.rows(self.section).to_vec();
        let has_key = |row: &RowValues| row.first() == Some(&self.key);
        let places: Vec<usize> = (0..).zip(&rows).filter(|(_, row)| has_key(row)).map(|(place, _)| place).collect();
        let wanted = vec![self.key.clone(), self.value.clone()];
        match (self.action, places.as_slice()) {
            (SettingAction::Remove, _) => rows.retain(|row| !has_key(row)),
            (_, [place]) => rows[*place] = wanted,
            (SettingAction::SetExisting, []) => return Ok(()),
            (SettingAction::Set, []) => rows.push(wanted),
            (_, several) => {
                let times = several.len();
                let message = format!("The key {} occurs {times} times: change it in the form.", self.key);
                return Err(ValidationErrors::at(self.section, message));
            }
        }
        draft.set(self.section, RawValue::Rows(rows));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::metric::{MetricContent, Section, Setting};
    use crate::domain::model::metric_fields::FIELDS;

    fn metric() -> MetricContent {
        let mut content = MetricContent {
            name: "a.B".into(),
            tag: "Test".into(),
            metric_type: "Active".into(),
            probe: "p (1)".into(),
            group: "ARGO".into(),
            ..MetricContent::default()
        };
        for key in ["timeout", "path"] {
            content.settings.push(Section::Config, key, "1");
        }
        content.settings.push(Section::Flags, "twice", "1");
        content.settings.push(Section::Flags, "twice", "2");
        content
    }

    fn edit(pairs: &[(&str, &str)]) -> Result<BulkEdit, ValidationErrors> {
        let names = ["group", "tag", "probeversion", "config", "flags"];
        let get = |name: &str| pairs.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        BulkEdit::read(&FIELDS, &names, get)
    }

    #[test]
    fn the_rows_of_a_table_are_set() {
        use crate::domain::form::rows_edit::{ROWS_ACTION, TABLE};
        use crate::domain::model::profile::{self, ProfileContent};

        let get = |name: &str| match name {
            TABLE => Some("CE,a".to_owned()),
            ROWS_ACTION => Some("add".to_owned()),
            _ => None,
        };
        let edit = BulkEdit::read(&profile::FIELDS, &["tuples"], get).unwrap();
        let after = edit.apply(&profile::FIELDS, ProfileContent::to_add()).unwrap();
        assert_eq!(after.size_in_words(), "1 tuple, 1 unique service flavour and 1 unique metric");
    }

    fn applied(pairs: &[(&str, &str)]) -> Result<MetricContent, ValidationErrors> {
        edit(pairs).unwrap().apply(&FIELDS, metric())
    }

    #[test]
    fn only_what_is_chosen_changes() {
        let after = applied(&[("to_group", "EUDAT"), ("to_tag", " "), ("to_probeversion", "-")]).unwrap();
        assert_eq!(after, MetricContent { group: "EUDAT".into(), probe: String::new(), ..metric() });
    }

    #[test]
    fn a_setting_is_set_added_or_removed() {
        let setting = |key: &'static str, action: &'static str| {
            let pairs = [(SECTION, "config"), (KEY, key), (ACTION, action), (VALUE, "90")];
            let config = applied(&pairs).unwrap().settings.of(Section::Config).to_vec();
            config.iter().find(|setting| setting.key() == key).map(|setting| setting.value().to_owned())
        };
        assert_eq!(setting("timeout", "set").as_deref(), Some("90"));
        assert_eq!(setting("timeout", "set-existing").as_deref(), Some("90"));
        assert_eq!(setting("extra", "set").as_deref(), Some("90"));
        assert_eq!(setting("extra", "set-existing"), None);
        assert_eq!(setting("extra", "remove"), None);
        let removed = applied(&[(SECTION, "flags"), (KEY, "twice"), (ACTION, "remove")]).unwrap();
        assert_eq!(removed.settings.of(Section::Flags), [] as [Setting; 0]);
    }

    #[test]
    fn a_key_that_occurs_several_times_is_not_set() {
        let errors = applied(&[(SECTION, "flags"), (KEY, "twice"), (VALUE, "3")]).unwrap_err();
        assert_eq!(errors.to_string(), "The key twice occurs 2 times: change it in the form.");
    }

    #[test]
    fn an_incomplete_edit_is_refused() {
        for (pairs, message) in [
            (&[][..], "Choose what to change."),
            (&[("to_name", "x")], "Choose what to change."),
            (&[(VALUE, "3")], "Enter the key of the setting."),
            (&[(KEY, "x"), (SECTION, "parameter")], "Choose a section."),
            (&[(KEY, "x"), (SECTION, "name")], "Choose a section."),
        ] {
            assert_eq!(edit(pairs).unwrap_err().to_string(), message, "{pairs:?}");
        }
    }

    #[test]
    fn the_rules_of_the_form_are_checked() {
        let long = "x".repeat(400);
        let errors = applied(&[(SECTION, "config"), (KEY, "timeout"), (VALUE, &long)]).unwrap_err();
        assert_eq!(errors.errors.len(), 1);
    }
}
