//! Silver → gold: the touched pieces of a mart are computed anew and replaced.

mod keys;
mod pieces;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use serde_json::{Map, Value, json};
use smelt_domain::{
    Dataset, Mart, StageName, StepReport, Table as TableDefinition, TableId, TableName,
};
use smelt_lake::{Changes, Commit, DataFile, DataFileWriter, FileLayout, Snapshot, Table};
use uuid::Uuid;

use self::keys::{KeyWatch, are_apart, repeated_between};
pub(crate) use self::pieces::PartitionValue;
use self::pieces::{Piece, touched_pieces};
pub(crate) use self::rows::{mart_rows, mart_schema, register};
use crate::follow::{Attempt, Follower, follow};
use crate::numbers_of_hashes::number_of;
use crate::observer::Unit;
use crate::parallel::in_parallel;
use crate::silver::plan::silver_schema;
use crate::silver::{DEFINITION, basis, upstream};
use crate::{Platform, StageError, boxed};

/// Follows the mart's silver tables until there is nothing left to do.
#[boxed]
pub async fn follow_silver(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let stage = Arc::new(Gold::new(platform, dataset, mart)?);
    follow(&stage.gold, platform, &mut Arc::clone(&stage)).await
}

/// What a change of silver means for a mart: the folders that are computed anew, of how many, and
/// the rows that they are computed from.
#[derive(Debug)]
pub(crate) struct PlannedPieces {
    pub folders: Vec<String>,
    pub of: u64,
    pub rows: u64,
}

/// The pieces that would be computed anew if these partitions of the mart's silver tables changed;
/// `None` for all of a table. A mart that does not exist yet, or was computed by another definition,
/// is computed anew in any case.
pub(crate) async fn planned_pieces(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
    changed: &BTreeMap<TableName, Option<BTreeSet<PartitionValue>>>,
) -> Result<PlannedPieces, StageError> {
    let stage = Gold::new(platform, dataset, mart)?;
    let Some(inputs) = stage.inputs().await? else {
        return Ok(PlannedPieces { folders: Vec::new(), of: 0, rows: 0 });
    };
    let base = stage.gold.snapshot().await?;
    let known = stage.followed(base.as_ref(), stage.basis(&inputs), &inputs).await?;
    let lookup_changes = mart.lookups.iter().any(|lookup| changed.contains_key(lookup));
    let all = stage.pieces(&inputs.driver, None)?;
    let pieces = match changed.get(&mart.driver) {
        _ if known.is_none() || lookup_changes => all.clone(),
        Some(touched) => stage.pieces(&inputs.driver, touched.as_ref())?,
        None => Vec::new(),
    };
    let read = pieces.iter().flat_map(|piece| &piece.reads);
    Ok(PlannedPieces {
        rows: read.map(DataFile::rows).sum(),
        of: all.len() as u64,
        folders: pieces.into_iter().map(|piece| piece.folder).collect(),
    })
}

struct Gold {
    platform: Platform,
    dataset: Dataset,
    mart: Mart,
    driver: Table,
    lookups: Vec<Table>,
    gold: Table,
}

/// The silver tables at the versions that a computation reads.
struct Inputs {
    driver: Snapshot,
    /// `None`: it does not exist yet and reads as empty.
    lookups: Vec<(TableId, Option<Snapshot>)>,
}

/// Upstream tables with the versions followed; `None` for one that does not exist yet.
type Versions = Vec<(TableId, Option<u64>)>;

impl Follower for Arc<Gold> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let base = self.gold.snapshot().await?;
        let Some(inputs) = self.inputs().await?.map(Arc::new) else {
            return Ok(Attempt::UpToDate);
        };
        let basis = self.basis(&inputs);
        let from = self.followed(base.as_ref(), basis, &inputs).await?;
        let to = inputs.versions(self.driver.id());
        if from.as_ref() == Some(&to) {
            return Ok(Attempt::UpToDate);
        }

        let touched = self.touched(from.as_ref(), &inputs).await?;
        let pieces = self.pieces(&inputs.driver, touched.as_ref())?;
        let add = self.compute(&inputs, &pieces).await?;
        let remove = replaced(base.as_ref(), touched.is_none(), &pieces);
        self.require_own_keys(base.as_ref(), &remove, &add).await?;
        let commit = Commit {
            operation: if touched.is_none() { "REBUILD" } else { "REFRESH" },
            remove,
            add,
            followed: existing(&to),
            totals: vec![(DEFINITION, basis)],
            schema: self.schema_change(base.as_ref()),
            info: self.info(from.as_deref(), &to),
            ..Commit::default()
        };
        let report = self.report(from.as_deref(), &to, &pieces, &commit, started);
        Ok(Attempt::Commit { base, commit, report })
    }
}

impl Gold {
    fn new(platform: &Platform, dataset: &Dataset, mart: &Mart) -> Result<Self, StageError> {
        let silver = |table: &TableName| platform.lake.table(dataset.silver_id(table));
        Ok(Self {
            platform: platform.clone(),
            dataset: dataset.clone(),
            mart: mart.clone(),
            driver: silver(&mart.driver)?,
            lookups: mart.lookups.iter().map(silver).collect::<Result<_, _>>()?,
            gold: platform.lake.table(dataset.gold_id(&mart.name))?,
        })
    }

    /// The silver tables; `None` while the driving one does not exist.
    async fn inputs(&self) -> Result<Option<Inputs>, StageError> {
        let Some(driver) = self.driver.snapshot().await? else {
            return Ok(None);
        };
        let mut lookups = Vec::new();
        for lookup in &self.lookups {
            lookups.push((lookup.id().clone(), lookup.snapshot().await?));
        }
        Ok(Some(Inputs { driver, lookups }))
    }

    /// What the mart is computed by: its definition and these very silver tables.
    fn basis(&self, inputs: &Inputs) -> u64 {
        let identity = |lookup: &Option<Snapshot>| lookup.as_ref().map_or(0, Snapshot::identity);
        let lookups = inputs.lookups.iter().map(|(_, lookup)| identity(lookup));
        // Other partitions of the driving table are other pieces of the mart.
        let partitioned = inputs.driver.partition_columns().iter().map(|name| number_of(name));
        let upstreams = std::iter::once(inputs.driver.identity()).chain(partitioned).chain(lookups);
        basis(self.mart.definition_hash.as_number(), upstreams)
    }

    /// The versions the mart is computed from; `None` when that is not known or was by another
    /// definition, so that everything is to be computed anew.
    async fn followed(
        &self,
        base: Option<&Snapshot>,
        basis: u64,
        inputs: &Inputs,
    ) -> Result<Option<Versions>, StageError> {
        let Some(base) = base else { return Ok(None) };
        if base.total(DEFINITION).await? != basis {
            return Ok(None);
        }
        let mut versions = Vec::new();
        for (table, now) in inputs.versions(self.driver.id()) {
            // The log remembers a lookup that is gone; that it is gone tells in the basis.
            let followed = if now.is_some() { base.followed(&table).await? } else { None };
            versions.push((table, followed));
        }
        Ok(Some(versions))
    }

    /// The partitions of the driving table that changed; `None` for all of them.
    async fn touched(
        &self,
        from: Option<&Versions>,
        inputs: &Inputs,
    ) -> Result<Option<BTreeSet<PartitionValue>>, StageError> {
        let Some(from) = from else { return Ok(None) };
        let lookups = from.iter().skip(1).map(|(_, version)| *version);
        if !lookups.eq(inputs.lookups.iter().map(|(_, lookup)| version_of(lookup))) {
            return Ok(None);
        }
        let driver_from = from.first().and_then(|(_, version)| *version);
        match self.driver.changes(driver_from, inputs.driver.version()).await? {
            Changes::Everything => Ok(None),
            Changes::Partitions(partitions) => {
                let value = |partition: smelt_lake::PartitionValues| partition.into_values().next();
                Ok(Some(
                    partitions.into_iter().map(|partition| value(partition).flatten()).collect(),
                ))
            }
        }
    }

    fn pieces(
        &self,
        driver: &Snapshot,
        touched: Option<&BTreeSet<PartitionValue>>,
    ) -> Result<Vec<Piece>, StageError> {
        let column = driver.partition_columns().first().map(String::as_str);
        touched_pieces(self.mart.reads, column, &driver.files_by_partition(), touched)
            .map_err(|error| StageError::engine(format!("computing {}", self.gold.id()), error))
    }

    /// Computes the pieces that have something to read, some at a time, one file each.
    async fn compute(
        self: &Arc<Self>,
        inputs: &Arc<Inputs>,
        pieces: &[Piece],
    ) -> Result<Vec<DataFile>, StageError> {
        let filled: Vec<&Piece> = pieces.iter().filter(|piece| !piece.reads.is_empty()).collect();
        let ticket = self.platform.observer.start(
            StageName::Gold,
            self.gold.id(),
            Unit::Partitions,
            Some(filled.len() as u64),
        );
        let mut jobs = Vec::new();
        for piece in filled {
            let (stage, inputs, piece) = (Arc::clone(self), Arc::clone(inputs), piece.clone());
            let ticket = Arc::clone(&ticket);
            jobs.push(async move {
                let compute = |session| stage.compute_piece(session, &inputs, &piece);
                let file = stage.platform.engine.in_turn(compute).await?;
                ticket.advance(1);
                Ok(file)
            });
        }
        let computed = in_parallel(self.platform.engine.parallelism(), jobs.into_iter()).await?;
        Ok(computed.into_iter().flatten().collect())
    }

    async fn compute_piece(
        &self,
        session: SessionContext,
        inputs: &Inputs,
        piece: &Piece,
    ) -> Result<Option<DataFile>, StageError> {
        let failed = |error| StageError::engine(format!("computing {}", self.gold.id()), error);
        let driver = &inputs.driver;
        register(
            &session,
            self.driver.id(),
            driver.schema(),
            driver.partition_columns(),
            piece.reads.clone(),
        )
        .map_err(failed)?;
        for (id, lookup) in &inputs.lookups {
            match lookup {
                Some(lookup) => register(
                    &session,
                    id,
                    lookup.schema(),
                    lookup.partition_columns(),
                    lookup.files().to_vec(),
                ),
                None => register(&session, id, &self.empty_lookup(id), &[], Vec::new()),
            }
            .map_err(failed)?;
        }
        let rows = mart_rows(&session, &self.mart, piece.keeps.as_ref()).await.map_err(failed)?;
        let mut batches = rows.execute_stream().await.map_err(failed)?;
        let path = format!("{}/{}.parquet", piece.folder, Uuid::now_v7().simple());
        let (mut writer, mut keys) = (None, KeyWatch::new(&self.mart));
        while let Some(batch) = batches.next().await {
            let batch: RecordBatch = batch.map_err(failed)?;
            if batch.num_rows() == 0 {
                continue;
            }
            if let Some(key) = keys.repeated(&batch).map_err(|error| failed(error.into()))? {
                let remedy = "group by the key in the mart's SQL, or declare as its `key` the columns \
                              that tell its rows apart";
                return Err(self.repeated_key(key, remedy.to_owned()));
            }
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(DataFileWriter::new(
                    &self.gold,
                    path.clone(),
                    BTreeMap::new(),
                    batch.schema(),
                    &FileLayout::SortedBy(self.key_names()),
                )?),
            };
            writer.write(&batch).await?;
        }
        match writer {
            Some(writer) => Ok(Some(writer.finish().await?)),
            None => Ok(None),
        }
    }

    /// Files must not share keys either, those that stay among them: partitions are computed each on
    /// its own, and may be so at different times.
    async fn require_own_keys(
        &self,
        base: Option<&Snapshot>,
        remove: &[DataFile],
        add: &[DataFile],
    ) -> Result<(), StageError> {
        let removed: BTreeSet<&str> = remove.iter().map(|file| file.path.as_str()).collect();
        let live = base.map_or(&[][..], |base| base.files()).iter();
        let stays = live.filter(|file| !removed.contains(file.path.as_str()));
        let files: Vec<&DataFile> = stays.chain(add).collect();
        if are_apart(&self.mart, &files) {
            return Ok(());
        }
        let files: Vec<DataFile> = files.into_iter().cloned().collect();
        let (id, files) = (self.gold.id(), &files);
        let find = |session: SessionContext| async move {
            repeated_between(&session, id, &self.mart, files.clone())
                .await
                .map_err(|error| StageError::engine(format!("comparing the keys of {id}"), error))
        };
        match self.platform.engine.in_turn(find).await? {
            None => Ok(()),
            Some(key) => Err(self.repeated_key(
                key,
                format!(
                    "partitions of {} are computed each on its own, and several give such a row: \
                     have the partition in the mart's key, or say with `reads` that it is computed \
                     from more than one",
                    self.driver.id()
                ),
            )),
        }
    }

    fn repeated_key(&self, key: String, remedy: String) -> StageError {
        StageError::RepeatedKey { mart: self.gold.id().sql_name(), key, remedy }
    }

    fn key_names(&self) -> Vec<String> {
        self.mart.key.iter().map(ToString::to_string).collect()
    }

    /// The columns of a lookup that does not exist yet.
    fn empty_lookup(&self, id: &TableId) -> SchemaRef {
        let table: Option<&TableDefinition> = self.dataset.table(&id.table);
        table.map_or_else(|| Arc::new(arrow::datatypes::Schema::empty()), silver_schema)
    }

    fn schema_change(&self, base: Option<&Snapshot>) -> Option<SchemaRef> {
        let declared = mart_schema(&self.mart);
        let same = base.is_some_and(|base| {
            let current = base.schema().fields().iter().map(|f| (f.name(), f.data_type()));
            current.eq(declared.fields().iter().map(|f| (f.name(), f.data_type())))
        });
        (!same).then_some(declared)
    }

    fn info(
        &self,
        from: Option<&[(TableId, Option<u64>)]>,
        to: &[(TableId, Option<u64>)],
    ) -> Map<String, Value> {
        let upstream: Vec<Value> = upstreams(from, to)
            .map(|(table, from, to)| json!({ "table": table, "from": from, "to": to }))
            .collect();
        Map::from_iter([
            ("runId".to_owned(), json!(self.platform.run_id)),
            ("definitionHash".to_owned(), json!(self.mart.definition_hash)),
            ("upstream".to_owned(), json!(upstream)),
        ])
    }

    fn report(
        &self,
        from: Option<&[(TableId, Option<u64>)]>,
        to: &[(TableId, Option<u64>)],
        pieces: &[Piece],
        commit: &Commit,
        started: Instant,
    ) -> StepReport {
        let read = pieces.iter().flat_map(|piece| &piece.reads);
        StepReport {
            upstream: upstreams(from, to)
                .map(|(table, from, to)| upstream(table, from, to))
                .collect(),
            definition_hash: Some(self.mart.definition_hash.to_string()),
            rows_in: Some(read.map(DataFile::rows).sum()),
            rows_out: Some(commit.add.iter().map(DataFile::rows).sum()),
            partitions: Some(pieces.len() as u64),
            files_added: Some(commit.add.len() as u64),
            files_removed: Some(commit.remove.len() as u64),
            bytes_written: Some(commit.add.iter().map(|file| file.size).sum()),
            ..crate::steps::step(StageName::Gold, self.gold.id(), started)
        }
    }
}

impl Inputs {
    fn versions(&self, driver: &TableId) -> Versions {
        let lookups = self.lookups.iter().map(|(id, lookup)| (id.clone(), version_of(lookup)));
        std::iter::once((driver.clone(), Some(self.driver.version()))).chain(lookups).collect()
    }
}

fn version_of(lookup: &Option<Snapshot>) -> Option<u64> {
    lookup.as_ref().map(Snapshot::version)
}

fn existing(versions: &[(TableId, Option<u64>)]) -> Vec<(TableId, u64)> {
    versions.iter().filter_map(|(table, version)| Some((table.clone(), (*version)?))).collect()
}

/// Live files of the pieces, told by their folders; all when the mart is computed anew.
fn replaced(base: Option<&Snapshot>, anew: bool, pieces: &[Piece]) -> Vec<DataFile> {
    let folders: BTreeSet<&str> = pieces.iter().map(|piece| piece.folder.as_str()).collect();
    let files = base.map_or(&[][..], |base| base.files()).iter();
    let replaced =
        |file: &&DataFile| anew || file.folder().is_some_and(|folder| folders.contains(folder));
    files.filter(replaced).cloned().collect()
}

/// Each upstream that exists, with the version before and after.
fn upstreams<'a>(
    from: Option<&'a [(TableId, Option<u64>)]>,
    to: &'a [(TableId, Option<u64>)],
) -> impl Iterator<Item = (&'a TableId, Option<u64>, u64)> {
    to.iter().filter_map(move |(table, version)| {
        let before = from.and_then(|from| from.iter().find(|(known, _)| known == table));
        Some((table, before.and_then(|(_, version)| *version), (*version)?))
    })
}
