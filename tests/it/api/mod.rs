mod database_unreachable;
mod freshness;
pub mod golden;
mod hostile;
mod key_uses;
mod method_override;
mod openapi;
mod requests;
mod statements;
