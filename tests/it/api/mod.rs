mod database_unreachable;
mod freshness;
mod golden;
mod hostile;
mod method_override;
mod openapi;
mod requests;
mod statements;
