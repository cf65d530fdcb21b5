//! The queries of the admin pages, with a real PostgreSQL.

mod choices;
mod history;
mod lists;
mod locale;
mod references;
mod search;
mod services;
mod sorting;

use poem::store::ReadTx;
use poem::store::lists::ListParams;
use sqlx::PgConnection;

use crate::support::installation::egi;
use crate::support::sql::sql;
use crate::support::{Installation, block_on};

/// Runs queries on the tenant EGI in one transaction.
fn read<T>(installation: &Installation, work: impl AsyncFnOnce(&mut PgConnection) -> poem::store::Result<T>) -> T {
    block_on(async {
        let pool = installation.pool();
        let mut tx = ReadTx::begin(&pool, &egi()).await.expect("the tenant is there");
        work(tx.conn()).await.expect("the query fits the schema")
    })
}

/// Runs statements in the schema of the tenant EGI.
fn egi_sql(installation: &Installation, statements: &str) {
    sql(installation, &format!("SET search_path TO egi; {statements}"));
}

/// Returns a request for a whole list in one page.
fn whole<'a>() -> ListParams<'a> {
    ListParams { page: 1, page_size: 1000, ..ListParams::default() }
}
