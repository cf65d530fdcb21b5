mod database_unreachable;
mod freshness;
mod golden;
mod hostile;
mod openapi;
mod requests;
mod statements;
