//! Names that a save adds to the registry: those of service flavours and metrics that nobody has used before.

use crate::domain::form::field::Choices;

/// A name that a save adds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NewName {
    /// The list that it joins.
    pub source: Choices,
    /// The name.
    pub name: String,
}

impl NewName {
    /// Returns the names as additions to a list.
    pub fn all(source: Choices, names: Vec<String>) -> impl Iterator<Item = Self> {
        names.into_iter().map(move |name| Self { source, name })
    }
}

/// Returns the known name that was probably meant: the most similar one, if it differs by a typing error or two, or only
/// in upper and lower case; `None` if none is that similar.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a String>) -> Option<&'a str> {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let typed = letters(name);
    // A short name becomes another one with two changes.
    let most = if typed.len() < 5 { 1 } else { 2 };
    let close = known.into_iter().filter_map(|other| {
        let distance = distance(&typed, &letters(other), most)?;
        (other != name).then_some((distance, other.as_str()))
    });
    close.min().map(|(_, other)| other)
}

/// Returns the number of letters to add, remove, replace or swap with their neighbour until the texts are equal (the
/// optimal string alignment distance); `None` if it is more than `most`.
fn distance(one: &[char], other: &[char], most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut rows = [vec![0; other.len() + 1], (0..=other.len()).collect(), vec![0; other.len() + 1]];
    for (row, letter) in one.iter().enumerate() {
        rows[2][0] = row + 1;
        for (column, of_other) in other.iter().enumerate() {
            let replaced = rows[1][column] + usize::from(letter != of_other);
            let mut least = replaced.min(rows[1][column + 1] + 1).min(rows[2][column] + 1);
            let is_swapped = row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *of_other;
            if is_swapped {
                least = least.min(rows[0][column - 1] + 1);
            }
            rows[2][column + 1] = least;
        }
        if rows[2].iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        rows.rotate_left(1);
    }
    rows[1].last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(name: &str) -> Option<&'static str> {
        static KNOWN: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
            ["argo.Host-Alive", "argo.AMS-Check", "ARC-CE", "SRM", "eu.egi.CertValidity"].map(str::to_owned).to_vec()
        });
        nearest(name, &*KNOWN)
    }

    #[test]
    fn typing_errors_have_a_name_nearby() {
        assert_eq!(near("argo.Host-Alvie"), Some("argo.Host-Alive"));
        assert_eq!(near("ARC-CEE"), Some("ARC-CE"));
        assert_eq!(near("arc-ce"), Some("ARC-CE"));
        assert_eq!(near("SMR"), Some("SRM"));
        assert_eq!(near("argo.AM-Chek"), Some("argo.AMS-Check"));
    }

    #[test]
    fn other_names_have_none() {
        for name in ["Service flavour", "SSH", "org.sam.SRM", "argo.Host", ""] {
            assert_eq!(near(name), None, "{name}");
        }
    }
}
