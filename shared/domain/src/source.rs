//! Where a dataset's rows are pulled from, as its definition says it.

use crate::{ColumnName, DatasetName, Schedule, SourceName, TableName};

/// A source that is pulled on a schedule or by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceDefinition {
    /// Its name within the dataset.
    pub name: SourceName,
    /// What it is, for people.
    pub description: String,
    /// The table whose bronze it fills.
    pub table: TableName,
    /// The source columns of the table that it has; `None` for all of them.
    pub columns: Option<Vec<ColumnName>>,
    /// When it is pulled; `None` only by hand.
    pub schedule: Option<Schedule>,
    /// When it is asked which rows it still has, so that those it deleted are deleted here; `None` only
    /// by hand.
    pub reconcile: Option<Schedule>,
    /// What it speaks.
    pub kind: SourceKind,
}

impl SourceDefinition {
    /// Whether it should have this source column of its table. The others come from uploads or other sources.
    pub fn has_column(&self, column: &ColumnName) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.contains(column))
    }

    /// The environment variable whose value takes the place of the source's URL:
    /// `SMELT_NYC311_PORTAL_URL`.
    pub fn url_variable(&self, dataset: &DatasetName) -> String {
        format!("SMELT_{dataset}_{}_URL", self.name).to_ascii_uppercase()
    }
}

/// What a source speaks.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceKind {
    /// A Socrata open-data portal.
    Socrata(Socrata),
    /// A CKAN open-data portal with a datastore.
    Ckan(Ckan),
    /// A SQL database, which is only ever read.
    Sql(Sql),
}

/// A resource of a Socrata portal.
#[derive(Debug, Clone, PartialEq)]
pub struct Socrata {
    /// Root of the portal, such as `https://data.cityofnewyork.us`.
    pub url: String,
    /// The resource, such as `erm2-nwe9`.
    pub resource: String,
    /// The interface that is spoken.
    pub api: SodaApi,
    /// The source column by which `--since`, `--until` and `--days-back` choose rows, and by whose
    /// months deletes are looked for.
    pub time: ColumnName,
    /// The source columns that identify a row, for finding deletes.
    pub key: Vec<ColumnName>,
    /// Rows of a page: 1 to 50,000.
    pub page_rows: u32,
    /// How far before the cursor a pull starts, in seconds: rows may become visible later than
    /// their update time says.
    pub overlap_seconds: u32,
    /// Days of `time` that one window of a first load spans.
    pub window_days: u32,
    /// Environment variable that holds the app token.
    pub app_token: Option<String>,
}

/// The interfaces of a Socrata portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SodaApi {
    /// `GET /resource/<id>.json`
    V2,
    /// `POST /api/v3/views/<id>/query.json`, which needs an app token.
    V3,
}

/// Resources of a CKAN portal that all have the columns of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Ckan {
    /// Root of the portal, such as `https://data.boston.gov`.
    pub url: String,
    /// Which of its resources.
    pub resources: CkanResources,
    /// How changes are found.
    pub load: CkanLoad,
    /// Rows of a page: 1 to 32,000.
    pub page_rows: u32,
    /// Environment variable that holds a token, for what not everybody may read.
    pub token: Option<String>,
}

/// Which resources of a CKAN portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CkanResources {
    /// Those with these ids.
    Listed(Vec<String>),
    /// All that a package has in the datastore, those of later years included.
    OfPackage(String),
}

/// How changes of a CKAN resource are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CkanLoad {
    /// A resource whose metadata changed is read whole, in this way; rows that are gone disappear
    /// from silver.
    Snapshot(CkanFetch),
    /// Rows behind the greatest value of a column of the source.
    Incremental {
        /// The column, of times or numbers.
        cursor: String,
        /// How far before the greatest value a pull starts, in seconds, if the column is one of times:
        /// rows may become visible later than their time says.
        overlap_seconds: u32,
    },
}

/// How a CKAN resource is read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CkanFetch {
    /// Page by page.
    Pages,
    /// As one file: the portal's dump of the resource.
    Dump,
}

/// A query of a SQL database.
#[derive(Debug, Clone, PartialEq)]
pub struct Sql {
    /// Environment variable that holds the URL, with credentials:
    /// `mysql://user:password@host:3306/database` or `sqlite:///path/to/file`.
    pub url: String,
    /// The SELECT that gives the rows; `SELECT * FROM <table>` for a whole table.
    pub query: String,
    /// The column that grows with every change, by which new rows are found.
    pub cursor: String,
    /// The column that tells rows of one cursor value apart.
    pub key: String,
    /// Rows of a page.
    pub page_rows: u32,
    /// How far before the cursor a pull starts, in seconds, or in units of a cursor that is a whole
    /// number: transactions commit later than the values they write.
    pub overlap_seconds: u32,
    /// Seconds after which a statement is given up.
    pub timeout_seconds: u32,
    /// Whether and how the connection is encrypted.
    pub tls: Tls,
}

/// Encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Plain; only for a server on the same machine or network.
    Off,
    /// Encrypted, whoever the server is.
    Required,
    /// Encrypted, and the server's certificate is checked.
    Verified,
}
