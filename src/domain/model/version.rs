//! The order of version labels.

use std::cmp::Ordering;

/// Compares version labels part by part, split at the dots: `1.10` is greater than `1.9`.
///
/// Numeric parts are compared as numbers and come before other parts.
pub fn compare_labels(a: &str, b: &str) -> Ordering {
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => match compare_parts(l, r) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(l), Ok(r)) => l.cmp(&r),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_parts_are_compared_as_numbers() {
        let mut labels = ["1.10", "1.9", "1.0", "2", "1.0.1", "1.a", "1.0"];
        labels.sort_by(|a, b| compare_labels(a, b));
        assert_eq!(labels, ["1.0", "1.0", "1.0.1", "1.9", "1.10", "1.a", "2"]);
    }
}
