//! Backups: the file of poem-backup, how it is written and restored, and PostgreSQL's programs. The SQL is in
//! `store::backup`, the arguments of the commands are in `cli`.

pub mod dump; //        writes the file of a tenant
pub mod file; //        the format of the file
pub mod pg_programs; // where PostgreSQL's programs are
pub mod pg_tools; //    pg_dump and psql
pub mod restore; //     restores a tenant from a file
