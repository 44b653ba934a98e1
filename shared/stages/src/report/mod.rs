//! What happened in a dataset in a period, gathered from its gold tables.
//!
//! Everything follows from the dataset's definition: what adds up (`measures`), which column says when
//! (`time`), which series are told apart. Only rows of the period and of the two that it is compared with
//! are read.

mod figures;
mod forecasts;
mod incidents;
mod mart;
mod measures;
mod publish;
mod series;
mod time;
mod trust;

use chrono::NaiveDate;
use smelt_domain::{Dataset, Every};
use smelt_report::{Length, Period, Report};

use self::incidents::Incidents;
use self::mart::MartTotals;
pub use self::publish::{LAST_MONTH, PublishedReport, latest_report, parse_period, publish_report};
use crate::{Platform, StageError, boxed};

/// Gathers what happened in a period.
///
/// # Errors
/// Besides those of reading: the period is in the future, or there are no data of it
/// ([`StageError::NothingToReport`]).
#[boxed]
pub async fn report(
    platform: &Platform,
    dataset: &Dataset,
    period: Period,
) -> Result<Report, StageError> {
    let today = platform.started_at.date_naive();
    // By the wall clock of the data it may be tomorrow already.
    if period.first() > today.succ_opt().unwrap_or(today) {
        return Err(StageError::Report {
            problem: format!("{} lies in the future; today is {today}", period.title()),
            remedy: "ask for a period that has begun".to_owned(),
        });
    }
    let mut marts = Vec::new();
    for mart in &dataset.marts {
        marts.extend(MartTotals::open(platform, dataset, mart, period).await?);
    }
    marts.retain(MartTotals::has_rows);
    let until = reached(&marts);
    for mart in marts.iter_mut().filter(|mart| mart.time.every == Every::Month) {
        mart.cover_no_more_than(until.unwrap_or(period.end()));
    }
    let figures = figures::figures(&marts).await?;
    if figures.iter().all(|figure| figure.value.is_none()) {
        return Err(nothing(dataset, &period));
    }
    let incidents = Incidents::read(platform, dataset, &period).await?;
    let (mut series, mut forecasts, mut accuracy) = (Vec::new(), Vec::new(), Vec::new());
    for mart in &marts {
        let Some(found) = series::series_report(platform, dataset, mart, &incidents).await? else {
            continue;
        };
        series.push(found.section);
        forecasts.extend(found.forecasts);
        accuracy.extend(forecasts::accuracy(platform, dataset, mart.mart).await?);
    }
    let breakdowns = figures::breakdowns(&marts).await?;
    let trust = trust::trust(platform, dataset).await?;
    Ok(Report {
        dataset: dataset.name.clone(),
        description: dataset.description.clone(),
        period,
        until: until.filter(|until| *until < period.end()),
        figures,
        series,
        breakdowns,
        anomalies: incidents.told,
        forecasts,
        accuracy,
        rules: trust.rules,
        balances: trust.balances,
        tables: trust.tables,
        written_at: platform.started_at,
    })
}

/// The first day that some mart does not reach, of those that tell of days and add up; `None` if there are
/// none.
fn reached(marts: &[MartTotals<'_>]) -> Option<NaiveDate> {
    let of_days = marts.iter().filter(|mart| mart.time.every != Every::Month);
    of_days.filter(|mart| !mart.measures.is_empty()).map(|mart| mart.covered.end).min()
}

fn nothing(dataset: &Dataset, period: &Period) -> StageError {
    let mut remedy = format!("`smelt status {}` shows how far its marts reach", dataset.name);
    if matches!(period.length(), Length::Week | Length::Day) {
        remedy.push_str("; a mart by month tells nothing of weeks and days");
    }
    StageError::NothingToReport { dataset: dataset.name.clone(), period: period.title(), remedy }
}

/// A name of a definition as words: `complaint type`.
fn words_of(name: &str) -> String {
    name.replace('_', " ")
}
