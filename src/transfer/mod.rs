//! Data in and out: dumps of POEM 2.3, profiles as JSON.

pub mod django;
