//! Backups: the file format of `poem-backup`, dump and restore, and PostgreSQL's client programs. The SQL is in
//! `store::backup`; the arguments of the commands are in `cli`.

pub mod dump; //        writes the backup file of a tenant
pub mod file; //        the format of the file
pub mod mac; //         the MAC of the file
pub mod pg_programs; // finds PostgreSQL's programs
pub mod pg_tools; //    runs pg_dump and psql
pub mod restore; //     restores a tenant from a file
