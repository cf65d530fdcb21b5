mod away;
mod freshness;
mod golden;
mod hostile;
mod openapi;
mod requests;
mod statements;
