//! The id of an object or a version in an address.

use rocket::request::FromParam;

use crate::error::{AppError, NOT_FOUND};

/// The id of an object or a version. Other forms such as `07` are 404, so that every page has one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectId(pub i64);

impl FromParam<'_> for ObjectId {
    type Error = AppError;

    fn from_param(text: &str) -> Result<Self, AppError> {
        let number: i64 = text.parse().map_err(|_| NOT_FOUND)?;
        if number.to_string() == text { Ok(Self(number)) } else { Err(NOT_FOUND) }
    }
}
