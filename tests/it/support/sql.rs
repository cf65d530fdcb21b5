//! Direct access to the database, without POEM.

use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, ValueRef};
use tokio::runtime::{Builder, Runtime};

use super::{Installation, block_on};

/// Runs statements; returns the rows with their columns joined by `|`. NULL is empty.
pub fn sql(installation: &Installation, statements: &str) -> Vec<String> {
    block_on(async {
        let mut conn = connect(installation).await;
        let rows = run(&mut conn, statements).await;
        conn.close().await.unwrap();
        rows
    })
}

/// Opens a separate connection, to hold a transaction open.
pub async fn connect(installation: &Installation) -> PgConnection {
    PgConnection::connect(&installation.database_url()).await.expect("the database answers")
}

/// Runs statements as [`sql`] does, over a connection.
pub async fn run(conn: &mut PgConnection, statements: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(statements)).fetch_all(conn).await;
    rows.unwrap_or_else(|error| panic!("{statements}: {error}")).iter().map(line).collect()
}

/// A connection that holds the locks of its statements until it is dropped.
pub struct Holder {
    runtime: Runtime,
    conn: PgConnection,
}

impl Holder {
    /// Opens a connection and runs the statements.
    pub fn of(installation: &Installation, statements: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let conn = runtime.block_on(connect(installation));
        let mut holder = Self { runtime, conn };
        holder.run(statements);
        holder
    }

    /// Runs more statements, for example to release a lock.
    pub fn run(&mut self, statements: &str) {
        self.runtime.block_on(run(&mut self.conn, statements));
    }

    /// Waits until PostgreSQL ends the connection, which is all that it is used for from now on.
    pub fn await_end(mut self) {
        let wait = sqlx::raw_sql("SELECT pg_sleep(60)").execute(&mut self.conn);
        self.runtime.block_on(wait).expect_err("PostgreSQL ends the connection");
    }
}

/// Returns the whole database as text: the rows of every table and the state of every sequence. The stamps are left
/// out, because they change with every statement.
pub fn everything(installation: &Installation) -> String {
    relations(installation, "'r', 'S'")
}

/// Returns the rows of every table as text, without the stamps.
pub fn tables(installation: &Installation) -> String {
    relations(installation, "'r'")
}

fn relations(installation: &Installation, kinds: &str) -> String {
    let list = format!(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ({kinds}) AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
           AND c.relname <> 'tenant_stamp'
         ORDER BY 1"
    );
    let mut statements = String::new();
    for (name, kind) in sql(installation, &list).iter().filter_map(|relation| relation.split_once('|')) {
        let select = match kind {
            "S" => format!("SELECT last_value, is_called FROM {name}"),
            // The use of a session is recorded, at most once a minute.
            _ if name.ends_with(".login_session") => format!("SELECT id_hash, user_id FROM {name} ORDER BY 1"),
            _ => format!("SELECT t::text FROM {name} t ORDER BY 1"),
        };
        statements += &format!("SELECT '{name}'; {select}; SELECT '' WHERE NOT EXISTS (SELECT FROM {name});");
    }
    // Over one connection: one for each relation takes seconds.
    sql(installation, &statements).into_iter().map(|row| row + "\n").collect()
}

/// Returns the tables of a schema that have rows and no statistics.
pub fn without_statistics(installation: &Installation, schema: &str) -> Vec<String> {
    let unknown = format!(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = '{schema}'::regnamespace AND c.relkind = 'r'
           AND NOT (c.reltuples > 0 AND EXISTS (
               SELECT FROM pg_stats s WHERE s.schemaname = '{schema}' AND s.tablename = c.relname))"
    );
    let has_rows = |table: &String| sql(installation, &format!("SELECT count(*) > 0 FROM {schema}.{table}")) == ["t"];
    sql(installation, &unknown).into_iter().filter(has_rows).collect()
}

/// Waits until the statement returns exactly this value.
#[track_caller]
pub fn wait_until(installation: &Installation, statement: &str, value: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while sql(installation, statement) != [value] {
        assert!(Instant::now() < end, "it never became {value}: {statement}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the columns of a row joined by `|`.
fn line(row: &PgRow) -> String {
    let column = |index| {
        let value = row.try_get_raw(index).expect("the column is there");
        if value.is_null() { "" } else { value.as_str().expect("simple queries return text") }.to_owned()
    };
    (0..row.len()).map(column).collect::<Vec<_>>().join("|")
}
