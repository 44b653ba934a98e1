//! A database to fill and to pull from, and shorthands for pulls.

use std::str::FromStr;

use arrow::array::{Array, AsArray};
use smelt_domain::{Sql, Tls};
use smelt_sources::sql::SqlSource;
use smelt_sources::{Cursor, Page, PullRequest, PullScope, Secret, Source, SourceError, sql};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Executor};
use tempfile::TempDir;

use crate::mariadb::MariaDb;

/// What the reading user has for a password: it must not be in any message.
pub(crate) const PASSWORD: &str = "s3cret-h0rse";

pub(crate) enum Database {
    Sqlite(TempDir),
    MariaDb(Box<MariaDb>),
}

/// A row: its fields, null as `~`.
pub(crate) type Fields = Vec<String>;

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let database = Self::Sqlite(tempfile::tempdir().unwrap());
        database.execute("CREATE TABLE made (x)").await;
        database
    }

    /// A server with a database `shop` and a user `reader` who may do nothing but read it.
    pub(crate) fn mariadb(server: MariaDb) -> Self {
        server.execute(
            "",
            &format!(
                "CREATE DATABASE shop; CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}';
                 GRANT SELECT ON shop.* TO reader@'%';"
            ),
        );
        Self::MariaDb(Box::new(server))
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}/shop.db", folder.path().display()),
            Self::MariaDb(server) => server.url("reader", PASSWORD, "shop"),
        }
    }

    /// Runs statements as the owner of the database.
    pub(crate) async fn execute(&self, statements: &str) -> String {
        match self {
            Self::Sqlite(_) => {
                let options = SqliteConnectOptions::from_str(&self.url()).unwrap();
                // A writer beside a long reader, as with a server.
                let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                let mut owner = options.connect().await.unwrap();
                owner.execute(sqlx::raw_sql(statements)).await.unwrap();
                String::new()
            }
            Self::MariaDb(server) => server.execute("shop", statements),
        }
    }

    pub(crate) fn source(&self, definition: Sql) -> SqlSource {
        sql::open(&definition, "shop".to_owned(), Secret::new(self.url())).unwrap()
    }
}

/// All columns of a table by `at` and `id`.
pub(crate) fn definition(table: &str) -> Sql {
    Sql {
        url: "SHOP_URL".to_owned(),
        query: format!("SELECT * FROM {table}"),
        cursor: "at".to_owned(),
        key: "id".to_owned(),
        page_rows: 3,
        overlap_seconds: 0,
        timeout_seconds: 30,
        tls: Tls::Off,
    }
}

/// All pages of a pull.
pub(crate) async fn pages(source: &SqlSource, scope: PullScope) -> Result<Vec<Page>, SourceError> {
    let mut pull = source.pull(PullRequest { scope, ..PullRequest::default() }).await?;
    let mut pages = Vec::new();
    while let Some(page) = pull.next().await? {
        pages.push(page);
    }
    Ok(pages)
}

/// All rows that are new since the cursor, and the last cursor.
pub(crate) async fn new_rows(
    source: &SqlSource,
    cursor: Option<Cursor>,
) -> (Vec<Fields>, Option<Cursor>) {
    let pages = pages(source, PullScope::New(cursor)).await.unwrap();
    let cursor = pages.last().and_then(|page| page.cursor.clone());
    (pages.iter().flat_map(rows_of).collect(), cursor)
}

pub(crate) fn rows_of(page: &Page) -> Vec<Fields> {
    let columns: Vec<_> =
        page.rows.fields.columns().iter().map(|column| column.as_string::<i32>()).collect();
    let field = |row: usize| {
        move |column: &&arrow::array::StringArray| match column.is_null(row) {
            true => "~".to_owned(),
            false => column.value(row).to_owned(),
        }
    };
    (0..page.rows.line.len()).map(|row| columns.iter().map(field(row)).collect()).collect()
}

/// The error of a pull of everything, which must not hold the password.
pub(crate) async fn failure(source: &SqlSource) -> SourceError {
    let error = pages(source, PullScope::default()).await.unwrap_err();
    keeps_its_secret(&error);
    assert!(!format!("{source:?}").contains(PASSWORD));
    error
}

pub(crate) fn keeps_its_secret(error: &SourceError) {
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains("mysql://reader"), "{text}");
    }
}
