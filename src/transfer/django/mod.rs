//! To come.
use crate::domain::{keys::Keys, snapshot::Snapshot};
pub struct Loaded {
    pub snapshot: Snapshot,
    pub counts: Vec<(&'static str, usize)>,
    pub objects: usize,
    pub warnings: Vec<String>,
}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct DumpError;
pub fn parse(_: &[u8], _: &Keys, _: chrono_tz::Tz) -> Result<Loaded, DumpError> {
    Err(DumpError)
}
