use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use async_trait::async_trait;
use smelt_domain::{Alert, DatasetName};
use smelt_stages::{
    Causes, Failures, NotTold, Notifier, Platform, RecentFailures, alert, alerts, freshness,
    subject_line,
};

use crate::arguments::{Global, ReportFormat};
use crate::exit::Ending;
use crate::output::print;
use crate::run::Run;
use crate::session::{chosen, open_existing};
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    check: bool,
    format: ReportFormat,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    if check {
        // What fails here would be told here.
        let run = Run::unwatched(&platform, "alerts --check".to_owned());
        let ended = tell_new(&run.platform, dataset.as_ref(), format).await;
        return run.end(ended).await;
    }
    let mut found = Vec::new();
    for dataset in chosen(&platform, dataset.as_ref())? {
        found.extend(alerts(&platform, dataset).await?);
    }
    found.sort_by_key(|alert| std::cmp::Reverse(alert.first_seen));
    match format {
        ReportFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?,
        ReportFormat::Table => print(&text(&found))?,
    }
    Ok(Ending::Fine)
}

async fn tell_new(
    platform: &Platform,
    dataset: Option<&DatasetName>,
    format: ReportFormat,
) -> Result<Ending> {
    match format {
        ReportFormat::Table => tell_to(&AsText, platform, dataset).await,
        ReportFormat::Json => {
            let array = AsArray::default();
            let told = tell_to(&array, platform, dataset).await;
            // What was told before something failed is an array as well.
            let ended = array.end();
            told.and_then(|ending| ended.map(|()| ending))
        }
    }
}

async fn tell_to(
    notifier: &dyn Notifier,
    platform: &Platform,
    dataset: Option<&DatasetName>,
) -> Result<Ending> {
    let (recent, mut failures) = (RecentFailures::default(), Failures::new(platform));
    for dataset in chosen(platform, dataset)? {
        let ages = failures.done_of(freshness(platform, dataset).await);
        let causes = Causes { reports: &[], recent: Some(&recent), ages: &ages };
        failures.unless(alert(platform, dataset, &causes, notifier).await);
    }
    failures.first().map_or(Ok(Ending::Fine), |error| Err(error.into()))
}

/// Tells on standard output, in words.
struct AsText;

#[async_trait]
impl Notifier for AsText {
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold> {
        let text = format!("{}\n{}\n\n", subject_line(&alert.subject), alert.message);
        print(&text).map_err(not_told)
    }
}

/// Tells on standard output, as one array: each alert when it is told, so that what nobody could read
/// does not count as told.
#[derive(Default)]
struct AsArray {
    has_begun: AtomicBool,
}

impl AsArray {
    fn end(&self) -> Result<()> {
        print(if self.has_begun.load(Ordering::Relaxed) { "\n]\n" } else { "[]\n" })
    }
}

#[async_trait]
impl Notifier for AsArray {
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold> {
        let text = serde_json::to_string_pretty(alert).map_err(|error| not_told(error.into()))?;
        let before = if self.has_begun.load(Ordering::Relaxed) { ",\n  " } else { "[\n  " };
        // No text in JSON has a line break in it, so that each is one between two lines.
        print(&format!("{before}{}", text.replace('\n', "\n  "))).map_err(not_told)?;
        self.has_begun.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn not_told(error: anyhow::Error) -> NotTold {
    NotTold { reason: error.to_string(), retryable: false }
}

fn text(alerts: &[Alert]) -> String {
    let mut table = TextTable::new(&[
        ("FIRST SEEN (UTC)", Align::Left),
        ("SEVERITY", Align::Left),
        ("STATUS", Align::Left),
        ("ALERT", Align::Left),
    ]);
    for alert in alerts {
        table.row(vec![
            alert.first_seen.format("%Y-%m-%d %H:%M:%S").to_string(),
            alert.severity.to_string(),
            alert.status.to_string(),
            alert.subject.clone(),
        ]);
    }
    table.to_string()
}
