//! What the databases' errors mean for the one who runs the source.

use std::io::ErrorKind;

use sqlx::mysql::MySqlDatabaseError;

use super::statement::OrderColumn;
use crate::SourceError;

/// Characters of a database's message that are passed on.
const MESSAGE_CHARACTERS: usize = 400;

/// Writes errors with the names that people know the source by.
#[derive(Debug)]
pub(super) struct Failures {
    label: String,
    /// The environment variable that holds the URL.
    variable: String,
    timeout_seconds: u32,
}

/// What an error of a database means.
enum Meaning {
    Again,
    TooSlow,
    Refused,
    Address,
    Definition,
}

impl Failures {
    pub(super) fn new(label: String, definition: &smelt_domain::Sql) -> Self {
        Self {
            label,
            variable: definition.url.clone(),
            timeout_seconds: definition.timeout_seconds,
        }
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn explain(&self, error: sqlx::Error) -> SourceError {
        match error {
            sqlx::Error::Database(error) => {
                let meaning = match error.try_downcast_ref::<MySqlDatabaseError>() {
                    Some(error) => meaning_of_mysql(error.number()),
                    None => meaning_of_sqlite(error.code().as_deref()),
                };
                self.meant(meaning, excerpt(error.message()))
            }
            // Says what the URL holds.
            sqlx::Error::Configuration(_) => self.address("the database's URL cannot be used"),
            sqlx::Error::Tls(error) => self.unencrypted(&error.to_string()),
            // What the other side sent is not what encryption allows, such as its certificate.
            sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
                self.unencrypted(&error.to_string())
            }
            sqlx::Error::Io(error) => self.unavailable(format!("the connection failed ({error})")),
            error => self.unavailable(format!(
                "the conversation with the database broke off ({})",
                excerpt(&error.to_string())
            )),
        }
    }

    fn meant(&self, meaning: Meaning, message: String) -> SourceError {
        match meaning {
            Meaning::Again => self.unavailable(format!("the database answered: {message}")),
            Meaning::TooSlow => self.too_slow(),
            Meaning::Refused => SourceError::Refused {
                source_label: self.label.clone(),
                detail: message,
                remedy: format!(
                    "check user and password in {}, and that the user may SELECT what the query reads",
                    self.variable
                ),
            },
            Meaning::Address => {
                self.address(&format!("the database's URL leads nowhere ({message})"))
            }
            Meaning::Definition => self.definition(
                format!("the database answered: {message}"),
                "correct `query` of the source",
            ),
        }
    }

    /// A URL that leads nowhere; `detail` must not quote it.
    pub(super) fn address(&self, detail: &str) -> SourceError {
        SourceError::Setting {
            source_label: self.label.clone(),
            detail: format!(
                "{detail}; it has to be like mysql://user:password@host:3306/database or \
                 sqlite:///path/to/file"
            ),
            variable: self.variable.clone(),
        }
    }

    fn unencrypted(&self, problem: &str) -> SourceError {
        self.definition(
            format!("no encrypted connection ({})", excerpt(problem)),
            "give the server a certificate that fits, or change `tls` of the source",
        )
    }

    pub(super) fn too_slow(&self) -> SourceError {
        self.unavailable(format!(
            "a statement took longer than {} seconds; add an index on the cursor and key columns, \
             or raise timeout_seconds",
            self.timeout_seconds
        ))
    }

    pub(super) fn deadline_passed(&self) -> SourceError {
        self.unavailable("the time for this pull is over".to_owned())
    }

    pub(super) fn unknown_column(
        &self,
        setting: &str,
        name: &str,
        columns: &[OrderColumn],
    ) -> SourceError {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        self.definition(
            format!("the query has no column `{name}`; it has {}", names.join(", ")),
            &format!("correct `{setting}` or `query` of the source"),
        )
    }

    pub(super) fn unordered_column(&self, setting: &str, name: &str) -> SourceError {
        self.definition(
            format!(
                "rows cannot be told apart by `{name}`: values of its type have no exact order"
            ),
            &format!("choose a number, time or text as `{setting}` of the source"),
        )
    }

    pub(super) fn repeated_key(&self, cursor: &str, key: &str) -> SourceError {
        self.definition(
            format!("several rows have the same values of `{cursor}` and `{key}`"),
            "choose a `key` that tells the rows of one cursor value apart",
        )
    }

    pub(super) fn cursor_without_time(&self, cursor: &str) -> SourceError {
        self.definition(
            format!("`{cursor}` holds no times, so no period can be chosen by it"),
            "load without --since, --until and --days-back, or choose a time as `cursor`",
        )
    }

    pub(super) fn foreign_cursor(&self) -> SourceError {
        self.definition(
            "the cursor of the last load was not written by this source as it is defined now"
                .to_owned(),
            "undo the change of the source, or load it again from the beginning",
        )
    }

    pub(super) fn broken_off(&self) -> SourceError {
        SourceError::Unsteady {
            source_label: self.label.clone(),
            detail: "this pull broke off before".to_owned(),
        }
    }

    pub(super) fn unfit_rows(&self, detail: String) -> SourceError {
        SourceError::Unsteady { source_label: self.label.clone(), detail }
    }

    fn unavailable(&self, detail: String) -> SourceError {
        SourceError::Unavailable { source_label: self.label.clone(), detail }
    }

    fn definition(&self, detail: String, remedy: &str) -> SourceError {
        SourceError::Definition {
            source_label: self.label.clone(),
            detail,
            remedy: remedy.to_owned(),
        }
    }
}

fn excerpt(message: &str) -> String {
    message.chars().take(MESSAGE_CHARACTERS).collect()
}

/// Error numbers of MySQL and MariaDB.
fn meaning_of_mysql(number: u16) -> Meaning {
    match number {
        // max_execution_time; max_statement_time.
        3024 | 1969 => Meaning::TooSlow,
        // Database, password, table, column, privilege, routine; host; password expired; plugins.
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1130 | 1698 | 1820 | 1862 | 1251 | 2059 => {
            Meaning::Refused
        }
        // Unknown database, none chosen.
        1049 | 1046 => Meaning::Address,
        // Too many connections, of a user, limits of a user; host blocked by errors.
        1040 | 1203 | 1226 | 1129
        // Lock wait, deadlock, changed meanwhile, table altered meanwhile.
        | 1205 | 1213 | 1020 | 1412
        // Shutdown, query killed, connection killed, network, server gone, lost.
        | 1053 | 1317 | 1927 | 1158..=1161 | 2006 | 2013
        // Out of memory, of connections, of disk space; trouble of a storage engine.
        | 1037 | 1041 | 1021 | 1030 => Meaning::Again,
        _ => Meaning::Definition,
    }
}

/// Result codes of SQLite; the extended ones tell more in their upper bits.
fn meaning_of_sqlite(code: Option<&str>) -> Meaning {
    let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    match primary {
        // Interrupted, which only happens when its time is over.
        Some(9) => Meaning::TooSlow,
        // Busy, locked, out of memory, disk trouble, changed meanwhile.
        Some(5 | 6 | 7 | 10 | 17) => Meaning::Again,
        Some(3 | 23) => Meaning::Refused,
        // Cannot be opened, damaged, no database.
        Some(14 | 11 | 26) => Meaning::Address,
        _ => Meaning::Definition,
    }
}
