//! The pairing of two lists of rows: which row of the second was which row of the first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The index of the old row of each new row; `None` for a row that was added. Then the indexes of the old rows that stay
/// unpaired, because they were deleted.
type Pairs = (Vec<Option<usize>>, Vec<usize>);

/// Pairs the rows of two lists, in a time that grows with their length only.
///
/// Equal rows are paired first, so that no other row with the same key takes the partner of an equal one; then those with
/// the same key. Several rows with one key are paired in their order.
pub fn pair<'a, T: Eq + Hash, K: Eq + Hash>(old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) -> Pairs {
    let mut equal: HashMap<&T, VecDeque<usize>> = HashMap::new();
    for (index, row) in old.iter().enumerate() {
        equal.entry(row).or_default().push_back(index);
    }
    let mut pairs: Vec<Option<usize>> = new.iter().map(|row| equal.get_mut(row)?.pop_front()).collect();
    let mut is_left: Vec<bool> = vec![true; old.len()];
    pairs.iter().flatten().for_each(|index| is_left[*index] = false);
    let mut of_key: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (index, row) in old.iter().enumerate().filter(|(index, _)| is_left[*index]) {
        of_key.entry(key(row)).or_default().push_back(index);
    }
    for (row, partner) in new.iter().zip(&mut pairs).filter(|(_, partner)| partner.is_none()) {
        *partner = of_key.get_mut(&key(row)).and_then(VecDeque::pop_front);
        partner.iter().for_each(|index| is_left[*index] = false);
    }
    let left = (0..old.len()).filter(|index| is_left[*index]).collect();
    (pairs, left)
}

/// Pairs the rows of two lists as [`pair`] does, then those that are left with rows that have the same rest: rows of which
/// only the key differs were renamed.
pub fn pair_renamed<'a, T: Eq + Hash, K: Eq + Hash, R: Eq>(
    old: &'a [T],
    new: &'a [T],
    key: impl Fn(&'a T) -> K,
    rest: impl Fn(&'a T) -> R,
) -> Pairs {
    let (mut pairs, mut left) = pair(old, new, key);
    for (row, partner) in new.iter().zip(&mut pairs).filter(|(_, partner)| partner.is_none()) {
        let renamed = left.iter().position(|place| rest(&old[*place]) == rest(row));
        *partner = renamed.map(|index| left.remove(index));
    }
    (pairs, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_paired_before_rows_with_the_same_key() {
        let old = [("c", 1), ("c", 2), ("d", 1), ("x", 1)];
        let new = [("c", 3), ("c", 1), ("e", 1), ("d", 2), ("c", 2), ("c", 2)];
        let (pairs, left) = pair(&old, &new, |row| row.0);
        assert_eq!(pairs, [None, Some(0), None, Some(2), Some(1), None]);
        assert_eq!(left, [3]);
    }

    #[test]
    fn rows_of_which_only_the_key_differs_were_renamed() {
        let (old, new) = ([("a", 1), ("b", 2), ("c", 3)], [("x", 2), ("a", 2), ("y", 9)]);
        let (pairs, left) = pair_renamed(&old, &new, |row| row.0, |row| row.1);
        assert_eq!((pairs, left), (vec![Some(1), Some(0), None], vec![2]));
    }

    #[test]
    fn rows_with_one_key_are_paired_in_their_order() {
        let (pairs, left) = pair(&[("c", 1), ("c", 2), ("c", 3)], &[("c", 4), ("c", 5)], |row| row.0);
        assert_eq!((pairs, left), (vec![Some(0), Some(1)], vec![2]));
    }
}
