//! Data in and out: dumps of POEM 2.3, profiles as JSON, demo data.

pub mod demo; //   what `poem try` shows
pub mod django; // dumps of POEM 2.3
