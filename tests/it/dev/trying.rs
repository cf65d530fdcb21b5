//! `poem try`.
