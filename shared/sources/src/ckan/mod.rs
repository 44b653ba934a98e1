//! Resources in the datastore of a CKAN portal: whole copies of what changed, or rows behind the
//! greatest value of a column.

mod cursor;
mod cursor_column;
mod dump;
mod dump_value;
mod incremental;
mod portal;
mod snapshot;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use smelt_domain::{Ckan, CkanLoad, CkanResources};

use self::cursor::CkanCursor;
use self::incremental::{
    IncrementalPages, IncrementalSettings, check_value, cursor_column, greatest_value, least_value,
    never_pulled, rows_without,
};
use self::portal::{FieldDescription, Portal, SearchResult};
use self::snapshot::{ResourcesToCopy, SnapshotPages, SnapshotSettings};
use crate::http::HttpSettings;
use crate::names::UniqueNames;
use crate::present::{self, Present};
use crate::{Cursor, Pages, Probe, PullRequest, PullScope, Secret, Source, SourceError};

/// The most rows that a portal gives at once.
const MOST_PAGE_ROWS: u32 = 32_000;

/// Resources of a CKAN portal.
#[derive(Debug)]
pub struct CkanSource {
    definition: Ckan,
    portal: Arc<Portal>,
    scratch: PathBuf,
}

/// What a portal is opened with beside its definition.
#[derive(Debug, Clone)]
pub struct CkanAccess {
    /// Takes the place of the definition's url.
    pub url: Option<String>,
    /// Goes into a header only.
    pub token: Option<Secret>,
    /// The folder that dumps are kept in until they are read.
    pub scratch: PathBuf,
    /// How long is waited, and how often tried.
    pub http: HttpSettings,
}

/// Opens the resources of a definition; nothing is asked yet.
pub fn open(
    definition: &Ckan,
    label: String,
    access: CkanAccess,
) -> Result<CkanSource, SourceError> {
    if !(1..=MOST_PAGE_ROWS).contains(&definition.page_rows) {
        return Err(SourceError::Definition {
            source_label: label,
            detail: format!("`page_rows` is {}", definition.page_rows),
            remedy: format!("write 1 to {MOST_PAGE_ROWS}"),
        });
    }
    let CkanAccess { url, token, scratch, http } = access;
    let url = url.as_deref().unwrap_or(&definition.url);
    let portal = Portal::open(url, label, definition.token.as_deref(), token.as_ref(), http)?;
    Ok(CkanSource { definition: definition.clone(), portal: Arc::new(portal), scratch })
}

#[async_trait]
impl Source for CkanSource {
    fn label(&self) -> &str {
        self.portal.label()
    }

    async fn probe(&self) -> Result<Probe, SourceError> {
        let (mut columns, mut rows) = (Vec::new(), 0);
        let mut seen = Seen::default();
        for resource in &self.resources(&[], None).await?.0 {
            let body = self.portal.search(resource, 0, 0, None).await?;
            let answer: SearchResult<'_> = self.portal.result(&body)?;
            rows += answer.total.unwrap_or_default();
            // Names are unique within a resource; resources spell the same column differently.
            let mut names = UniqueNames::default();
            for (position, field) in (1..).zip(&answer.fields) {
                let name = names.name(portal::header(&field.id), position);
                if !columns.contains(&name) {
                    columns.push(name);
                }
            }
            self.look_at_cursor(resource, &answer.fields, &mut seen).await?;
        }
        let Seen { newest, without_cursor } = seen;
        let (cursor, notes) = match &self.definition.load {
            CkanLoad::Snapshot(_) => (
                "the metadata of each resource".to_owned(),
                vec!["a resource is read whole whenever its metadata changes".to_owned()],
            ),
            CkanLoad::Incremental { cursor, .. } => {
                let present = Present::of_this_machine();
                let ahead = newest.as_ref().is_some_and(|newest| present.is_before(newest));
                let ahead = ahead.then(|| present::note(cursor));
                let of = format!(" of {rows}");
                let without =
                    (without_cursor > 0).then(|| never_pulled(without_cursor, &of, cursor));
                let deletes = "rows that are deleted in the portal are not noticed".to_owned();
                let notes = std::iter::once(deletes).chain(without).chain(ahead);
                (cursor.clone(), notes.collect())
            }
        };
        Ok(Probe { columns, rows: Some(rows), cursor, newest, notes })
    }

    fn place(&self, cursor: &Cursor) -> Option<String> {
        Some(CkanCursor::read(cursor.clone(), self.label()).ok()?.place())
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pages>, SourceError> {
        let PullScope::New(cursor) = request.scope else {
            return Err(SourceError::Definition {
                source_label: self.label().to_owned(),
                detail: "a CKAN portal cannot choose rows by time".to_owned(),
                remedy: "pull it without --since, --until and --days-back".to_owned(),
            });
        };
        let cursor = match cursor {
            Some(cursor) => CkanCursor::read(cursor, self.label())?,
            None => CkanCursor::default(),
        };
        let (resources, gone) = self.resources(&request.copies, request.deadline).await?;
        let portal = Arc::clone(&self.portal);
        let page_rows = self.definition.page_rows;
        Ok(match &self.definition.load {
            CkanLoad::Snapshot(fetch) => {
                let settings =
                    SnapshotSettings { fetch: *fetch, page_rows, scratch: self.scratch.clone() };
                let resources = ResourcesToCopy { waiting: resources.into(), gone: gone.into() };
                Box::new(SnapshotPages::new(portal, settings, resources, cursor, request.deadline))
            }
            CkanLoad::Incremental { cursor: column, overlap_seconds } => {
                let (column, overlap_seconds) = (column.clone(), *overlap_seconds);
                let settings = IncrementalSettings { page_rows, column, overlap_seconds };
                let deadline = request.deadline;
                Box::new(IncrementalPages::new(portal, settings, resources, cursor, deadline))
            }
        })
    }
}

/// What a look at all resources finds of what pulls go by.
#[derive(Debug, Default)]
struct Seen {
    newest: Option<String>,
    /// Rows that pulls do not find.
    without_cursor: u64,
}

impl CkanSource {
    /// Looks at what pulls of a resource go by.
    async fn look_at_cursor(
        &self,
        resource: &str,
        fields: &[FieldDescription],
        seen: &mut Seen,
    ) -> Result<(), SourceError> {
        let portal = &self.portal;
        let newest = match &self.definition.load {
            CkanLoad::Snapshot(_) => portal.metadata(resource, None).await?.last_change(),
            CkanLoad::Incremental { cursor, .. } => {
                let column = cursor_column(portal, resource, fields, cursor)?;
                let newest = greatest_value(portal, resource, cursor, None).await?;
                check_value(portal, resource, &column, newest.as_deref())?;
                if column.is_text() {
                    let least = least_value(portal, resource, cursor, None).await?;
                    check_value(portal, resource, &column, least.as_deref())?;
                }
                let without = rows_without(portal, resource, cursor, None).await?;
                seen.without_cursor += without.unwrap_or_default();
                newest
            }
        };
        seen.newest = std::mem::take(&mut seen.newest).max(newest);
        Ok(())
    }

    /// The resources of the definition, those of a package as it is now; then the copies whose
    /// resources the package has no more.
    async fn resources(
        &self,
        copies: &[String],
        deadline: Option<Instant>,
    ) -> Result<(Vec<String>, Vec<String>), SourceError> {
        match &self.definition.resources {
            CkanResources::Listed(resources) => Ok((resources.clone(), Vec::new())),
            CkanResources::OfPackage(package) => {
                let resources = self.portal.package(package, deadline).await?;
                let gone = copies.iter().filter(|copy| !resources.all.contains(copy));
                let gone = gone.cloned().collect();
                Ok((resources.in_datastore, gone))
            }
        }
    }
}
