//! Keeps POEM's database and the ARGO WEB-API in step: saves in both, the clearing up of interrupted saves, the hourly
//! sync, and what pages read. The calls are in `argo_webapi`, the writes in `registry`.

pub mod access;
pub mod at_start;
pub mod cache;
pub mod failure;
pub mod metric_profiles;
pub mod recovery;
pub mod saving;
pub mod sync;
