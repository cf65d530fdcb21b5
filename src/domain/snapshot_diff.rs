//! To come.
use super::snapshot::Snapshot;
/// x
pub fn first_difference(_a: &Snapshot, _b: &Snapshot) -> Option<String> {
    None
}
