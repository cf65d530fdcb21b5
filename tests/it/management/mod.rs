//! Health, readiness and metrics, at an address of their own.

mod health;
