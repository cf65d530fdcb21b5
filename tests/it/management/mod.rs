//! Health, readiness and metrics, at a separate address.

mod health;
