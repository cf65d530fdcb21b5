//! Data in and out.

pub mod backup; //   the file of poem-backup
pub mod demo; //     what `poem try` shows
pub mod django; //   dumps of POEM 2.3
pub mod profiles; // profiles as JSON, as poem-exportprofiles writes them
