//! Data in and out.

pub mod django; //   dumps of POEM 2.3
pub mod profiles; // profiles as JSON, as poem-exportprofiles writes them
