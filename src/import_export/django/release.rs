//! Recognises the database of POEM 2.3.0 by the migrations that Django has recorded in it.

/// The migrations of POEM 2.3.0 on which its tables depend: application and name.
const MIGRATIONS: [(&str, &str); 20] = [
    ("poem", "0001_initial"),
    ("poem", "0002_extrev_add"),
    ("poem", "0004_reversion_dbfill"),
    ("poem", "0005_add_metrictype"),
    ("poem", "0006_set_passive"),
    ("poem", "0007_allownull_metricgroup"),
    ("poem", "0008_probe_ondeletenull"),
    ("poem", "0009_poem_nameunique"),
    ("poem", "0010_service"),
    ("poem", "0011_extend_dnfield"),
    ("poem", "0012_aggregation_groupofaggregations"),
    ("poem", "0013_aggregation_groupname"),
    ("poem", "0014_custuser_groupsofaggregations"),
    ("poem", "0015_probe_update_metric"),
    ("poem", "0016_probes_update_metric"),
    ("poem", "0017_remove_probe_update_metric"),
    ("rest_framework_api_key", "0001_initial"),
    ("rest_framework_api_key", "0002_auto_20180922_1759"),
    ("rest_framework_api_key", "0003_auto_20180924_1006"),
    ("rest_framework_api_key", "0004_auto_20180924_1303"),
];

/// The application whose further migrations mean another POEM. Those of the libraries vary.
const POEM: &str = "poem";

/// The reason why a schema is not one of POEM 2.3.0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// A migration of POEM 2.3.0 was not applied.
    #[error("it is of a POEM before 2.3.0, without the migration {0}: upgrade to 2.3.0 first")]
    Older(String),
    /// A migration was applied that POEM 2.3.0 does not have.
    #[error("it is not of POEM 2.3.0, which has no migration {0}: only 2.3.0 can be taken over")]
    Unknown(String),
}

/// Checks that exactly the migrations of POEM 2.3.0 were applied: pairs of application and name.
///
/// # Errors
/// The first migration that is unknown, else the first that is missing.
pub fn check_release(applied: &[(String, String)]) -> Result<(), ReleaseError> {
    let is_applied = |wanted: &(&str, &str)| applied.iter().any(|(app, name)| (app.as_str(), name.as_str()) == *wanted);
    let is_known = |app: &str, name: &str| app != POEM || MIGRATIONS.contains(&(app, name));
    if let Some((app, name)) = applied.iter().find(|(app, name)| !is_known(app, name)) {
        return Err(ReleaseError::Unknown(format!("{app}.{name}")));
    }
    match MIGRATIONS.iter().find(|wanted| !is_applied(wanted)) {
        Some((app, name)) => Err(ReleaseError::Older(format!("{app}.{name}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied() -> Vec<(String, String)> {
        MIGRATIONS.map(|(app, name)| (app.to_owned(), name.to_owned())).into()
    }

    #[test]
    fn only_2_3_0_is_accepted() {
        assert_eq!(check_release(&applied()), Ok(()));
        for index in 0..MIGRATIONS.len() {
            let mut older = applied();
            let (app, name) = older.remove(index);
            assert_eq!(check_release(&older), Err(ReleaseError::Older(format!("{app}.{name}"))));
        }
        for name in ["0018_next", "0003_other"] {
            let newer = [applied(), vec![("poem".to_owned(), name.to_owned())]].concat();
            assert_eq!(check_release(&newer), Err(ReleaseError::Unknown(format!("poem.{name}"))));
        }
    }

    #[test]
    fn migrations_of_libraries_vary() {
        let further = [applied(), vec![("reversion".to_owned(), "0002_auto_20141216_1509".to_owned())]].concat();
        assert_eq!(check_release(&further), Ok(()));
    }
}
