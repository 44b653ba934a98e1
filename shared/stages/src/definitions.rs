//! Reads dataset folders and checks them as a whole, their SQL included.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use smelt_domain::{
    DATASET_FILE, Dataset, DefinitionFiles, Mart, Problem, Problems, RuleName, Table, TableName,
    parse_dataset,
};
use smelt_lake::FilesTable;

use self::engine_words::engine_words;
use self::reproducible::{Unsteady, unsteady_function};
use crate::bronze::INGESTION_DATE;
use crate::gold::{mart_rows, register};
use crate::silver::plan::silver_schema;
use crate::silver::{UnfitRule, declared_bronze_schema, silver_plan, unfit_rules};
use crate::{Engine, StageError, boxed};

pub(crate) mod engine_words;
pub(crate) mod reproducible;

/// Reads every dataset folder below `root`; all problems of all datasets come together.
pub fn read_definitions(root: &Path) -> Result<Vec<Dataset>, StageError> {
    let mut datasets = Vec::new();
    let mut problems = Vec::new();
    for folder in dataset_folders(root).map_err(|problem| definition_error(vec![problem]))? {
        match read_folder(&folder).map_err(|problem| Problems(vec![problem])) {
            Ok(files) => match parse_dataset(&files) {
                Ok(dataset) => datasets.push(dataset),
                Err(Problems(found)) => problems.extend(found),
            },
            Err(Problems(found)) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(datasets) } else { Err(definition_error(problems)) }
}

/// Plans the SQL of every table and mart without data: unknown columns, types that do not fit and
/// statements that would lose rows come out here, and so do rules that cannot judge rows, and what would
/// give something else when it is computed again.
#[boxed]
pub async fn check_sql(
    engine: &Engine,
    root: &Path,
    datasets: &[Dataset],
) -> Result<(), StageError> {
    let mut problems = Vec::new();
    for dataset in datasets {
        let folder = root.join(dataset.name.as_str());
        for table in &dataset.tables {
            problems.extend(table_problems(engine, &folder, dataset, table).await?);
        }
        for mart in &dataset.marts {
            let session = engine.session()?;
            if let Err(why) = plan_mart(&session, dataset, mart).await {
                problems.push(sql_problem(&folder, "gold", &mart.name, &why));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(definition_error(problems)) }
}

/// What is wrong with a table: each of its rules by itself, then its SQL with the rules that are right.
async fn table_problems(
    engine: &Engine,
    folder: &Path,
    dataset: &Dataset,
    table: &Table,
) -> Result<Vec<Problem>, StageError> {
    let session = engine.session()?;
    let unfit = unfit_rules(&session, table).map_err(|error| {
        StageError::engine(format!("checking {}", dataset.silver_id(&table.name)), error)
    })?;
    let problem = |(rule, why): &(&RuleName, UnfitRule)| rule_problem(folder, table, rule, why);
    let mut problems: Vec<Problem> = unfit.iter().map(problem).collect();
    let mut sound = table.clone();
    sound.expectations.retain(|known| !unfit.iter().any(|(rule, _)| **rule == known.rule));
    if let Err(why) = plan_table(&session, dataset, &sound).await {
        problems.push(sql_problem(folder, "silver", &table.name, &why));
    }
    Ok(problems)
}

/// Why SQL cannot be what a table or mart is computed by.
#[derive(Debug, thiserror::Error)]
enum UnfitSql {
    /// It is no SQL, names what is not there, or does not give what is declared.
    #[error("{}", engine_words(.0))]
    NotPlanned(#[from] DataFusionError),
    /// It gives something else every time.
    #[error("the SQL {0}")]
    Unsteady(Unsteady),
}

impl UnfitSql {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NotPlanned(_) => "mend the SQL, or declare in dataset.yaml what it needs",
            Self::Unsteady(_) => Unsteady::REMEDY,
        }
    }
}

/// Plans to the end, as a refresh would: some types are first compared when nothing but the rows is
/// missing.
async fn plan_table(
    session: &SessionContext,
    dataset: &Dataset,
    table: &Table,
) -> Result<(), UnfitSql> {
    let files = FilesTable::with_ordinals(
        &dataset.bronze_id(&table.name),
        &declared_bronze_schema(table),
        &[INGESTION_DATE.to_owned()],
        Vec::new(),
    );
    let plan = silver_plan(session, dataset, table, Arc::new(files))?;
    require_reproducible(&plan)?;
    session.state().create_physical_plan(&plan).await?;
    Ok(())
}

/// As [`plan_table`].
async fn plan_mart(
    session: &SessionContext,
    dataset: &Dataset,
    mart: &Mart,
) -> Result<(), UnfitSql> {
    for name in std::iter::once(&mart.driver).chain(&mart.lookups) {
        if let Some(table) = dataset.table(name) {
            let partition: Vec<String> = table.partition.iter().map(ToString::to_string).collect();
            let (id, schema) = (dataset.silver_id(name), silver_schema(table));
            register(session, &id, &schema, &partition, Vec::new())?;
        }
    }
    let rows = mart_rows(session, mart, None).await?;
    require_reproducible(rows.logical_plan())?;
    rows.create_physical_plan().await?;
    Ok(())
}

fn require_reproducible(plan: &LogicalPlan) -> Result<(), UnfitSql> {
    unsteady_function(plan)?.map_or(Ok(()), |unsteady| Err(UnfitSql::Unsteady(unsteady)))
}

fn rule_problem(folder: &Path, table: &Table, rule: &RuleName, why: &UnfitRule) -> Problem {
    let file = folder.join(DATASET_FILE);
    Problem {
        // The SQL of an expectation comes with its rule; its lines are not those of a file.
        line: line_of_rule(&file, rule.as_str()),
        file: file.display().to_string(),
        problem: format!("the expectation `{rule}` of {}: {why}", table.name),
        remedy: why.remedy().to_owned(),
    }
}

fn sql_problem(folder: &Path, layer: &str, name: &TableName, why: &UnfitSql) -> Problem {
    let text = why.to_string();
    Problem {
        file: folder.join(layer).join(format!("{name}.sql")).display().to_string(),
        line: line_in(&text),
        problem: text,
        remedy: why.remedy().to_owned(),
    }
}

fn line_of_rule(file: &Path, rule: &str) -> Option<usize> {
    let (text, rule) = (std::fs::read_to_string(file).ok()?, format!("rule: {rule}"));
    let is_it = |line: &str| line.trim_start_matches([' ', '-']).trim_end() == rule;
    text.lines().position(is_it).map(|position| position + 1)
}

/// The line that the SQL parser names, as in "... at Line: 3, Column: 7".
fn line_in(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("Line: ")?;
    rest.split(',').next()?.trim().parse().ok()
}

fn definition_error(problems: Vec<Problem>) -> StageError {
    StageError::Definition(Problems(problems))
}

fn dataset_folders(root: &Path) -> Result<Vec<std::path::PathBuf>, Problem> {
    let entries = std::fs::read_dir(root).map_err(|error| unreadable(root, &error))?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(root, &error))?.path();
        if path.join(DATASET_FILE).is_file() {
            folders.push(path);
        }
    }
    if folders.is_empty() {
        return Err(Problem {
            file: root.display().to_string(),
            line: None,
            problem: format!("no folder in it has a {DATASET_FILE}"),
            remedy: "name the folder that holds the datasets with --datasets".to_owned(),
        });
    }
    folders.sort();
    Ok(folders)
}

fn read_folder(folder: &Path) -> Result<DefinitionFiles, Problem> {
    let mut files = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(current) = pending.pop() {
        for entry in std::fs::read_dir(&current).map_err(|error| unreadable(&current, &error))? {
            let path = entry.map_err(|error| unreadable(&current, &error))?.path();
            if path.is_dir() {
                pending.push(path);
            } else if is_definition(&path) {
                let text =
                    std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
                let relative = path.strip_prefix(folder).unwrap_or(&path);
                let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
                files.insert(parts.join("/"), text);
            }
        }
    }
    Ok(DefinitionFiles { folder: folder.display().to_string(), files })
}

fn is_definition(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml" || ending == "sql")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        file: path.display().to_string(),
        line: None,
        problem: format!("it cannot be read: {error}"),
        remedy: match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                "name the folder that holds the datasets with --datasets"
            }
            std::io::ErrorKind::InvalidData => "save it as UTF-8",
            _ => "make it readable",
        }
        .to_owned(),
    }
}
