//! SQL sources against real databases: the same cases for SQLite and MariaDB, then what only one of
//! them has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sql/cases.rs"]
mod cases;
#[path = "sql/database.rs"]
mod database;
#[path = "support/mariadb.rs"]
mod mariadb;
#[path = "sql/mariadb_only.rs"]
mod mariadb_only;
#[path = "sql/sqlite_only.rs"]
mod sqlite_only;

use database::Database;
use mariadb::MariaDb;

#[tokio::test]
async fn sqlite_passes_all_cases() {
    cases::all(&Database::sqlite().await).await;
}

#[tokio::test]
async fn mariadb_passes_all_cases() {
    let Some(server) = MariaDb::start() else { return };
    cases::all(&Database::mariadb(server)).await;
}
