//! Silver → gold: the touched partitions of a mart are computed anew and replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::{Column, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::cast;
use datafusion::prelude::{DataFrame, Expr, SessionContext};
use futures::StreamExt;
use serde_json::{Map, Value, json};
use smelt_domain::{Dataset, Mart, StageName, StepReport, TableId};
use smelt_lake::{
    Changes, Commit, DataFile, DataFileWriter, FileLayout, FilesTable, Snapshot, Table, arrow_type,
};
use uuid::Uuid;

use crate::folders::partition_folder;
use crate::follow::{Attempt, Follower, follow};
use crate::observer::Unit;
use crate::parallel::in_parallel;
use crate::silver::{DEFINITION, basis, plan::engine_type, upstream};
use crate::{Platform, StageError};

/// Follows the mart's silver tables until there is nothing left to do.
pub async fn follow_silver(
    platform: &Platform,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<Vec<StepReport>, StageError> {
    let lookups = mart.lookups.iter().map(|table| platform.lake.table(dataset.silver_id(table)));
    let stage = Arc::new(Gold {
        platform: platform.clone(),
        dataset: dataset.clone(),
        mart: mart.clone(),
        driver: platform.lake.table(dataset.silver_id(&mart.driver))?,
        lookups: lookups.collect::<Result<_, _>>()?,
        gold: platform.lake.table(dataset.gold_id(&mart.name))?,
    });
    follow(&stage.gold, platform.observer.as_ref(), &mut Arc::clone(&stage)).await
}

/// A partition of the driving table, by its value as text.
type PartitionValue = Option<String>;

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
    lookups: Vec<(TableId, Snapshot)>,
}

impl Follower for Arc<Gold> {
    async fn look(&mut self) -> Result<Attempt, StageError> {
        let started = Instant::now();
        let base = self.gold.snapshot().await?;
        let Some(inputs) = self.inputs().await?.map(Arc::new) else {
            return Ok(Attempt::UpToDate);
        };
        let basis = self.basis(&inputs);
        let from = self.followed(base.as_ref(), basis).await?;
        let to = inputs.versions(self.driver.id());
        if from.as_ref() == Some(&to) {
            return Ok(Attempt::UpToDate);
        }

        let touched = self.touched(from.as_ref(), &inputs).await?;
        let partitions = match &touched {
            Some(touched) => touched.clone(),
            None => self.partitions(&inputs.driver),
        };
        let add = self.compute(&inputs, &partitions).await?;
        let commit = Commit {
            operation: if touched.is_none() { "REBUILD" } else { "REFRESH" },
            remove: self.replaced(base.as_ref(), touched.as_ref()),
            add,
            followed: to.clone(),
            totals: vec![(DEFINITION, basis)],
            schema: self.schema_change(base.as_ref()),
            info: self.info(from.as_deref(), &to),
            ..Commit::default()
        };
        let report = self.report(from.as_deref(), &to, &inputs, &partitions, &commit, started);
        Ok(Attempt::Commit { base, commit, report })
    }
}

impl Gold {
    /// The silver tables; `None` while one of them does not exist.
    async fn inputs(&self) -> Result<Option<Inputs>, StageError> {
        let Some(driver) = self.driver.snapshot().await? else {
            return Ok(None);
        };
        let mut lookups = Vec::new();
        for lookup in &self.lookups {
            let Some(snapshot) = lookup.snapshot().await? else {
                return Ok(None);
            };
            lookups.push((lookup.id().clone(), snapshot));
        }
        Ok(Some(Inputs { driver, lookups }))
    }

    /// What the mart is computed by: its definition and these very silver tables.
    fn basis(&self, inputs: &Inputs) -> u64 {
        let lookups = inputs.lookups.iter().map(|(_, lookup)| lookup.identity());
        let upstreams = std::iter::once(inputs.driver.identity()).chain(lookups);
        basis(self.mart.definition_hash.as_number(), upstreams)
    }

    /// The versions the mart is computed from; `None` when that is not known or was by another
    /// definition, so that everything is to be computed anew.
    async fn followed(
        &self,
        base: Option<&Snapshot>,
        basis: u64,
    ) -> Result<Option<Vec<(TableId, u64)>>, StageError> {
        let Some(base) = base else { return Ok(None) };
        if base.total(DEFINITION).await? != basis {
            return Ok(None);
        }
        let mut versions = Vec::new();
        for table in std::iter::once(&self.driver).chain(&self.lookups) {
            let Some(version) = base.followed(table.id()).await? else {
                return Ok(None);
            };
            versions.push((table.id().clone(), version));
        }
        Ok(Some(versions))
    }

    /// The partitions to compute; `None` for all of them.
    async fn touched(
        &self,
        from: Option<&Vec<(TableId, u64)>>,
        inputs: &Inputs,
    ) -> Result<Option<BTreeSet<PartitionValue>>, StageError> {
        let Some(from) = from else { return Ok(None) };
        let lookups = from.iter().skip(1).map(|(_, version)| *version);
        if !lookups.eq(inputs.lookups.iter().map(|(_, snapshot)| snapshot.version())) {
            return Ok(None);
        }
        let driver_from = from.first().map(|(_, version)| *version);
        let column = self.partition_column(&inputs.driver);
        match self.driver.changes(driver_from, inputs.driver.version()).await? {
            Changes::Everything => Ok(None),
            Changes::Partitions(partitions) => Ok(Some(
                partitions
                    .into_iter()
                    .map(|partition| partition.get(&column).cloned().flatten())
                    .collect(),
            )),
        }
    }

    fn partition_column(&self, driver: &Snapshot) -> String {
        driver.partition_columns().first().cloned().unwrap_or_default()
    }

    fn partitions(&self, driver: &Snapshot) -> BTreeSet<PartitionValue> {
        driver.files_by_partition(&self.partition_column(driver)).into_keys().collect()
    }

    /// Computes the partitions, some at a time, one file each.
    async fn compute(
        self: &Arc<Self>,
        inputs: &Arc<Inputs>,
        partitions: &BTreeSet<PartitionValue>,
    ) -> Result<Vec<DataFile>, StageError> {
        let column = self.partition_column(&inputs.driver);
        let files = inputs.driver.files_by_partition(&column);
        let present: Vec<_> =
            partitions.iter().filter_map(|value| Some((value, files.get(value)?))).collect();
        let ticket = self.platform.observer.start(
            StageName::Gold,
            self.gold.id(),
            Unit::Partitions,
            Some(present.len() as u64),
        );
        let mut jobs = Vec::new();
        for (value, files) in present {
            let files: Vec<DataFile> = files.iter().map(|file| (*file).clone()).collect();
            let folder = partition_folder(&column, value.as_deref());
            let (stage, inputs) = (Arc::clone(self), Arc::clone(inputs));
            let ticket = Arc::clone(&ticket);
            jobs.push(async move {
                let compute = || stage.compute_partition(&inputs, files.clone(), &folder);
                let file = stage.platform.engine.in_turn(compute).await?;
                ticket.advance(1);
                Ok(file)
            });
        }
        let computed = in_parallel(self.platform.engine.parallelism(), jobs.into_iter()).await?;
        Ok(computed.into_iter().flatten().collect())
    }

    async fn compute_partition(
        &self,
        inputs: &Inputs,
        files: Vec<DataFile>,
        folder: &str,
    ) -> Result<Option<DataFile>, StageError> {
        let failed = |error| StageError::engine(format!("computing {}", self.gold.id()), error);
        let session = self.platform.engine.narrow_session()?;
        register(&session, self.driver.id(), &inputs.driver, files).map_err(failed)?;
        for (id, lookup) in &inputs.lookups {
            register(&session, id, lookup, lookup.files().to_vec()).map_err(failed)?;
        }
        let rows = mart_rows(&session, &self.mart).await.map_err(failed)?;
        let mut batches = rows.execute_stream().await.map_err(failed)?;
        let path = format!("{folder}/{}.parquet", Uuid::now_v7().simple());
        let mut writer = None;
        while let Some(batch) = batches.next().await {
            let batch: RecordBatch = batch.map_err(failed)?;
            if batch.num_rows() == 0 {
                continue;
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

    fn key_names(&self) -> Vec<String> {
        self.mart.key.iter().map(ToString::to_string).collect()
    }

    /// Live files of the touched partitions, told by their folders; all when computed anew.
    fn replaced(
        &self,
        base: Option<&Snapshot>,
        touched: Option<&BTreeSet<PartitionValue>>,
    ) -> Vec<DataFile> {
        let files = base.map_or(&[][..], |base| base.files());
        let Some(touched) = touched else {
            return files.to_vec();
        };
        let column = self.dataset.table(&self.mart.driver).map(|t| t.partition.to_string());
        let column = column.unwrap_or_default();
        let folders: BTreeSet<String> =
            touched.iter().map(|value| partition_folder(&column, value.as_deref())).collect();
        let replaced = |file: &&DataFile| file.folder().is_some_and(|f| folders.contains(f));
        files.iter().filter(replaced).cloned().collect()
    }

    fn schema_change(&self, base: Option<&Snapshot>) -> Option<SchemaRef> {
        let declared = mart_schema(&self.mart);
        let same = base.is_some_and(|base| {
            let current = base.schema().fields().iter().map(|f| (f.name(), f.data_type()));
            current.eq(declared.fields().iter().map(|f| (f.name(), f.data_type())))
        });
        (!same).then_some(declared)
    }

    fn info(&self, from: Option<&[(TableId, u64)]>, to: &[(TableId, u64)]) -> Map<String, Value> {
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
        from: Option<&[(TableId, u64)]>,
        to: &[(TableId, u64)],
        inputs: &Inputs,
        partitions: &BTreeSet<PartitionValue>,
        commit: &Commit,
        started: Instant,
    ) -> StepReport {
        let column = self.partition_column(&inputs.driver);
        let files = inputs.driver.files_by_partition(&column);
        let read = partitions.iter().filter_map(|value| files.get(value)).flatten();
        StepReport {
            upstream: upstreams(from, to)
                .map(|(table, from, to)| upstream(table, from, to))
                .collect(),
            definition_hash: Some(self.mart.definition_hash.to_string()),
            rows_in: Some(read.map(|file| file.rows()).sum()),
            rows_out: Some(commit.add.iter().map(DataFile::rows).sum()),
            partitions: Some(partitions.len() as u64),
            files_added: Some(commit.add.len() as u64),
            files_removed: Some(commit.remove.len() as u64),
            bytes_written: Some(commit.add.iter().map(|file| file.size).sum()),
            ..crate::steps::step(StageName::Gold, self.gold.id(), started)
        }
    }
}

impl Inputs {
    fn versions(&self, driver: &TableId) -> Vec<(TableId, u64)> {
        let lookups = self.lookups.iter().map(|(id, snapshot)| (id.clone(), snapshot.version()));
        std::iter::once((driver.clone(), self.driver.version())).chain(lookups).collect()
    }
}

/// Each upstream with the version before and after.
fn upstreams<'a>(
    from: Option<&'a [(TableId, u64)]>,
    to: &'a [(TableId, u64)],
) -> impl Iterator<Item = (&'a TableId, Option<u64>, u64)> {
    to.iter().map(move |(table, version)| {
        let before = from.and_then(|from| from.iter().find(|(known, _)| known == table));
        (table, before.map(|(_, version)| *version), *version)
    })
}

/// Makes files of a silver table known to the mart's SQL under the table's own name.
pub(crate) fn register(
    session: &SessionContext,
    id: &TableId,
    snapshot: &Snapshot,
    files: Vec<DataFile>,
) -> Result<(), DataFusionError> {
    let table = FilesTable::new(id, snapshot.schema(), snapshot.partition_columns(), files);
    let name = TableReference::partial(id.layer.as_str(), id.sql_table());
    session.register_table(name, Arc::new(table))?;
    Ok(())
}

/// The mart's rows in the declared columns and types, sorted by its key.
pub(crate) async fn mart_rows(
    session: &SessionContext,
    mart: &Mart,
) -> Result<DataFrame, DataFusionError> {
    let selected = session.sql(&mart.sql).await?;
    for field in selected.schema().fields() {
        if !mart.columns.iter().any(|column| column.name.as_str() == field.name()) {
            return Err(DataFusionError::Plan(format!(
                "the SQL selects `{}`, which is not declared under `columns`",
                field.name()
            )));
        }
    }
    let mut columns = Vec::new();
    for column in &mart.columns {
        let name = column.name.as_str();
        let field = selected.schema().field_with_unqualified_name(name).map_err(|_| {
            DataFusionError::Plan(format!(
                "column `{name}` is declared but the SQL does not select it"
            ))
        })?;
        let wanted = engine_type(&arrow_type(&column.column_type));
        let value = Expr::Column(Column::new_unqualified(name));
        let same = *field.data_type() == wanted;
        columns.push(if same { value } else { cast(value, wanted).alias(name) });
    }
    let key = mart
        .key
        .iter()
        .map(|name| Expr::Column(Column::new_unqualified(name.as_str())).sort(true, true));
    selected.select(columns)?.sort(key.collect())
}

/// The mart's schema as stored.
pub(crate) fn mart_schema(mart: &Mart) -> SchemaRef {
    let fields: Vec<Field> = mart
        .columns
        .iter()
        .map(|column| Field::new(column.name.as_str(), arrow_type(&column.column_type), true))
        .collect();
    Arc::new(Schema::new(fields))
}
