//! Whether a row of a table has a high value, by its texts.

use serde_json::json;
use smelt_domain::{ClassifierTask, Dataset, LearnedModel, StageName};
use smelt_learn::LearnError;
use smelt_learn::classify::{
    Classifier, ClassifierSettings, Evaluation, Fields, Row, evaluate, high_values, quantile,
};

use super::rows::{Wanted, read};
use super::{CardParts, Fit, Learned};
use crate::observer::Unit;
use crate::series::{DAY, in_background, step_text};
use crate::{Platform, StageError};

/// Rows that are learnt from at most: every so many of more, so that they fit into a small function.
const MOST_ROWS: u64 = 200_000;
/// The share of the rows, the oldest ones, that teach what the others test.
const TAUGHT: f64 = 0.8;

/// Rows as they were read.
#[derive(Debug, Default)]
struct Payments {
    rows: Vec<Row>,
    values: Vec<f64>,
    times: Vec<i64>,
}

/// `Err` says why there is nothing to fit yet.
pub(super) async fn fit(
    platform: &Platform,
    dataset: &Dataset,
    model: &LearnedModel,
    task: &ClassifierTask,
) -> Result<Result<Fit, String>, StageError> {
    let table = platform.lake.table(dataset.silver_id(&task.table))?;
    let Some(snapshot) = table.snapshot().await? else {
        return Ok(Err(format!("{} has no rows yet", task.table)));
    };
    let every = snapshot.rows().div_ceil(MOST_ROWS).max(1);
    let value = [task.value.clone()];
    let wanted = Wanted { texts: &task.texts, numbers: &value, time: Some(&task.time) };
    let (mut read_rows, mut payments) = (0_u64, Payments::default());
    read(&table, &snapshot, wanted, |columns| {
        for row in 0..columns.rows() {
            read_rows += 1;
            let (value, time) = (columns.number(0, row), columns.time(row));
            let Some(time) = time.filter(|_| value.is_finite() && read_rows % every == 0) else {
                continue;
            };
            let texts = (0..task.texts.len()).map(|at| columns.text(at, row).to_owned());
            payments.rows.push(Row { texts: texts.collect(), numbers: Vec::new() });
            payments.values.push(value);
            payments.times.push(time);
        }
    })
    .await?;
    let count = payments.rows.len() as u64;
    let ticket = platform.observer.start(StageName::Train, table.id(), Unit::Rows, Some(count));
    let left_out = snapshot.rows() - count;
    let newest = payments.times.iter().max().copied().unwrap_or_default();
    let newest = step_text(smelt_domain::Every::Day, newest);
    let (fields, task) = (fields(task), task.clone());
    let found = in_background(move || learn(&payments, &fields, &task)).await?;
    ticket.advance(count);
    match found {
        Ok((learned, card)) => {
            let card = CardParts { left_out, ..card };
            let data_version = snapshot.version();
            Ok(Ok(Fit { learned: Learned::Classifier(learned), data_version, newest, card }))
        }
        Err(
            error @ (LearnError::TooFewRows { .. }
            | LearnError::OneClass { .. }
            | LearnError::EmptyPart { .. }),
        ) => Ok(Err(error.to_string())),
        Err(error) => Err(StageError::Model {
            problem: format!("{}/{}: {error}", dataset.name, model.name),
            remedy: "look at its columns in dataset.yaml".to_owned(),
        }),
    }
}

fn fields(task: &ClassifierTask) -> Fields {
    Fields { texts: task.texts.iter().map(ToString::to_string).collect(), numbers: Vec::new() }
}

/// What the oldest rows teach is tested on the newest; what is kept was taught by all of them.
fn learn(
    payments: &Payments,
    fields: &Fields,
    task: &ClassifierTask,
) -> Result<(Classifier, CardParts), LearnError> {
    let Payments { rows, values, times } = payments;
    let settings = ClassifierSettings::default();
    let moment = moment(times)?;
    let high = high_values(values, times, moment, task.high_from)?;
    let tested = evaluate(fields, rows, &high.labels, times, moment, &settings)?;
    let classifier = Classifier::fit(fields, rows, &high.labels, &settings)?;
    let card = card(&tested, high.threshold, moment, &settings, rows.len());
    Ok((classifier, card))
}

/// The time before which most rows lie. Rows of its day all test.
fn moment(times: &[i64]) -> Result<i64, LearnError> {
    let times: Vec<f64> = times.iter().map(|time| *time as f64).collect();
    let time = quantile(&times, TAUGHT)? as i64;
    Ok(time - time.rem_euclid(DAY))
}

fn card(
    tested: &Evaluation,
    threshold: f64,
    moment: i64,
    settings: &ClassifierSettings,
    rows: usize,
) -> CardParts {
    CardParts {
        rows: rows as u64,
        left_out: 0,
        metrics: vec![
            ("accuracy", Some(tested.accuracy)),
            ("majority_accuracy", Some(tested.majority_accuracy)),
            ("precision", tested.precision),
            ("recall", tested.recall),
            ("auc", tested.auc),
            ("base_rate", Some(tested.base_rate)),
            ("test_rows", Some(tested.test_rows as f64)),
        ],
        parameters: json!({
            "settings": settings,
            "high_from": threshold,
            "tested_from": step_text(smelt_domain::Every::Day, moment),
            "importances": tested.importances,
        }),
    }
}
