//! Resources of a Socrata portal: rows in the order in which they changed.

mod cursor;
mod inventory;
mod keyset;
mod new_pages;
mod portal;
mod reader;
mod soql;
mod update_time;
mod window_pages;

use std::sync::Arc;

use async_trait::async_trait;
use smelt_domain::{Socrata, SodaApi};
use tokio::sync::OnceCell;

use self::cursor::SodaCursor;
use self::keyset::Keyset;
use self::new_pages::NewPages;
use self::portal::Portal;
use self::reader::PageReader;
use self::soql::Soql;
use self::window_pages::window_pages;
use crate::http::HttpSettings;
use crate::{Cursor, Inventory, Pages, Probe, PullRequest, PullScope, Secret, Source, SourceError};

/// The most rows that a portal gives at once.
const MOST_PAGE_ROWS: u32 = 50_000;
/// What is asked of every row: the portal's own columns first, so that their names never depend on
/// what else a row has.
const EVERYTHING: &str = ":*, *";

/// A resource of a Socrata portal.
#[derive(Debug)]
pub struct SocrataSource {
    definition: Socrata,
    portal: Arc<Portal>,
    /// What tells rows of one update time apart, as soon as the portal was asked.
    tie: OnceCell<Vec<String>>,
}

/// Opens the resource of a definition; nothing is asked yet.
///
/// `url_override` takes the place of the definition's url. The token goes into a header only.
pub fn open(
    definition: &Socrata,
    label: String,
    url_override: Option<String>,
    token: Option<Secret>,
    settings: HttpSettings,
) -> Result<SocrataSource, SourceError> {
    if !(1..=MOST_PAGE_ROWS).contains(&definition.page_rows) {
        return Err(SourceError::Definition {
            source_label: label,
            detail: format!("`page_rows` is {}", definition.page_rows),
            remedy: format!("write 1 to {MOST_PAGE_ROWS}"),
        });
    }
    if definition.api == SodaApi::V3 && token.is_none() {
        return Err(SourceError::Setting {
            source_label: label,
            detail: "SODA 3 answers nobody without an app token".to_owned(),
            variable: definition
                .app_token
                .clone()
                .unwrap_or_else(|| "`app_token` in the source's definition".to_owned()),
        });
    }
    let url = url_override.as_deref().unwrap_or(&definition.url);
    let portal = Portal::open(definition, url, label, token.as_ref(), settings)?;
    Ok(SocrataSource {
        definition: definition.clone(),
        portal: Arc::new(portal),
        tie: OnceCell::new(),
    })
}

#[async_trait]
impl Source for SocrataSource {
    fn label(&self) -> &str {
        self.portal.label()
    }

    async fn probe(&self) -> Result<Probe, SourceError> {
        let totals = Soql::select("count(*) AS rows, max(:updated_at) AS newest");
        let totals = self.portal.records(&totals, None).await?;
        let total = |name: &str| totals.first().and_then(|record| record.get(name)?.clone());
        let mut notes = Vec::new();
        if !self.portal.has_token() {
            notes.push("no app token is set: the portal answers fewer requests".to_owned());
        }
        if self.tie(None).await?.iter().all(|column| column != keyset::ROW_ID) {
            notes.push(
                "the portal does not sort by its row id: rows of one update time are told apart by \
                 the key columns"
                    .to_owned(),
            );
        }
        Ok(Probe {
            columns: self.portal.columns().await?,
            rows: total("rows").and_then(|rows| rows.parse().ok()),
            cursor: keyset::UPDATED_AT.to_owned(),
            newest: total("newest"),
            notes,
        })
    }

    fn place(&self, cursor: &Cursor) -> Option<String> {
        let cursor = SodaCursor::read(cursor.clone(), self.label()).ok()?;
        let follows = if cursor.unfinished { ", more follows" } else { "" };
        Some(format!("{}{follows}", cursor.updated_at))
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError> {
        let reader =
            PageReader::new(Arc::clone(&self.portal), self.definition.page_rows, request.deadline);
        let tie = self.tie(request.deadline).await?;
        Ok(match request.scope {
            PullScope::New(cursor) => {
                let cursor =
                    cursor.map(|cursor| SodaCursor::read(cursor, self.label())).transpose()?;
                Box::new(NewPages::new(reader, &self.definition, tie, cursor))
            }
            PullScope::Window { since, until } => Box::new(window_pages(
                reader,
                &self.definition.time,
                Keyset::new(tie),
                since,
                until,
            )),
        })
    }

    fn inventory(&self) -> Option<&dyn Inventory> {
        Some(self)
    }
}

impl SocrataSource {
    /// The columns that tell rows of one update time apart: the portal's row id, or the key where
    /// the portal refuses to sort by its row id.
    async fn tie(&self, deadline: Option<std::time::Instant>) -> Result<Vec<String>, SourceError> {
        let ask = || async {
            let by_id = vec![keyset::ROW_ID.to_owned()];
            let question = Soql::select(keyset::ROW_ID).order_by(keyset::ROW_ID).limit(1);
            match self.portal.records(&question, deadline).await {
                Ok(_) => Ok(by_id),
                Err(SourceError::Definition { detail, .. })
                    if detail.contains(keyset::ROW_ID) && !self.definition.key.is_empty() =>
                {
                    Ok(self.definition.key.iter().map(ToString::to_string).collect())
                }
                Err(error) => Err(error),
            }
        };
        self.tie.get_or_try_init(ask).await.cloned()
    }
}
