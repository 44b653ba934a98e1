use anyhow::Result;
use async_trait::async_trait;
use smelt_domain::{Alert, DatasetName};
use smelt_stages::{
    Causes, NotTold, Notifier, Platform, RecentFailures, alert, alerts, freshness, subject_line,
};

use crate::arguments::{Global, ReportFormat};
use crate::exit::Ending;
use crate::output::print;
use crate::session::{chosen, open, open_recorded, reported};
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    check: bool,
    format: ReportFormat,
) -> Result<Ending> {
    if check {
        let (platform, recorder) = open_recorded(global)?;
        let ended = tell_new(&platform, dataset.as_ref()).await;
        return reported(&platform, "alerts --check", &recorder, ended).await;
    }
    let platform = open(global)?;
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

async fn tell_new(platform: &Platform, dataset: Option<&DatasetName>) -> Result<Ending> {
    let recent = RecentFailures::default();
    for dataset in chosen(platform, dataset)? {
        let ages = freshness(platform, dataset).await?;
        let causes = Causes { reports: &[], recent: Some(&recent), ages: &ages };
        alert(platform, dataset, &causes, &Console).await?;
    }
    Ok(Ending::Fine)
}

/// Tells on standard output.
struct Console;

#[async_trait]
impl Notifier for Console {
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold> {
        let text = format!("{}\n{}\n\n", subject_line(&alert.subject), alert.message);
        print(&text).map_err(|error| NotTold { reason: error.to_string(), retryable: false })
    }
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
