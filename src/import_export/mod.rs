//! Formats of imported and exported data. Reads and writes text only; storing the data is the registry's task.

pub mod django; //   dumps of POEM 2.3
mod first_line;
pub mod profiles; // profiles as JSON, in the format of poem-exportprofiles
