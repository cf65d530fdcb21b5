//! Data in and out: dumps of POEM 2.3, profiles as JSON, demo data.

pub mod django;
pub mod profiles;
