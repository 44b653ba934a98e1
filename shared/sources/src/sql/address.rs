//! Where the database is, and with what rights it is opened.

use std::str::FromStr;

use smelt_domain::Tls;
use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::sqlite::SqliteConnectOptions;

/// A database's address; it is never shown, as it holds the password.
pub(super) enum Address {
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::MySql(_) => "MySql(…)",
            Self::Sqlite(_) => "Sqlite(…)",
        })
    }
}

impl Address {
    /// Reads a URL; the error says what is wrong with it without quoting it.
    pub(super) fn read(url: &str, tls: Tls) -> Result<Self, &'static str> {
        const UNREADABLE: &str = "the database's URL cannot be read";
        let (scheme, _) = url.split_once(':').ok_or(UNREADABLE)?;
        match scheme.to_ascii_lowercase().as_str() {
            "mysql" | "mariadb" => {
                let options = MySqlConnectOptions::from_str(url).map_err(|_| UNREADABLE)?;
                // The session stays as the server sets it up: times are shown in its time zone,
                // and the query means what it means for its author.
                let options = options
                    .timezone(None)
                    .pipes_as_concat(false)
                    .no_engine_substitution(false)
                    .ssl_mode(ssl_mode(tls))
                    .disable_statement_logging();
                Ok(Self::MySql(Box::new(options)))
            }
            "sqlite" => {
                let options = SqliteConnectOptions::from_str(url).map_err(|_| UNREADABLE)?;
                let options = options
                    .read_only(true)
                    .create_if_missing(false)
                    .pragma("query_only", "ON")
                    .disable_statement_logging();
                Ok(Self::Sqlite(Box::new(options)))
            }
            _ => Err("the database's URL is of a kind that is not known"),
        }
    }
}

fn ssl_mode(tls: Tls) -> MySqlSslMode {
    match tls {
        Tls::Off => MySqlSslMode::Disabled,
        Tls::Required => MySqlSslMode::Required,
        Tls::Verified => MySqlSslMode::VerifyIdentity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_never_shown() {
        for url in
            ["mysql://u:pass%2Fword@h:3307/d", "MariaDB://u:pass@h/d", "sqlite:///tmp/a b.db"]
        {
            let address = Address::read(url, Tls::Verified).unwrap();
            assert!(format!("{address:?}").ends_with("(…)"), "{address:?}");
        }
    }

    #[test]
    fn urls_of_other_kinds_are_told_without_quoting_them() {
        for url in ["", "hunter2", "postgres://u:hunter2@h/d", "mysql://u:hunter2@h:no/d"] {
            let problem = Address::read(url, Tls::Off).unwrap_err();
            assert!(problem.contains("URL") && !problem.contains("hunter2"), "{problem}");
        }
    }
}
