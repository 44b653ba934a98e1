use anyhow::Result;
use smelt_domain::DatasetName;
use smelt_stages::{Partly, Refit, Trained, train};

use super::models::how_good;
use crate::arguments::Global;
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::{print, say};
use crate::run::{Run, Runs};
use crate::session::{chosen, open_existing};
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    refit: Refit,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    let (mut all, mut runs) = (Trained::default(), Runs::default());
    for dataset in chosen(&platform, dataset.as_ref())? {
        let run = Run::about(&platform, dataset, format!("train {}", dataset.name));
        let (trained, failed) = Partly::split(train(&run.platform, dataset, refit).await);
        for (mart, why) in &trained.skipped {
            say(&format!("{}/{mart}: nothing to forecast: {why}", dataset.name));
        }
        all.fitted.extend(trained.fitted);
        runs.end(run, failed.map_or(Ok(Ending::Fine), Err)).await;
    }
    if !all.fitted.is_empty() {
        print(&text(&all))?;
    }
    runs.ended(global, "nothing is due, and all forecasts are the newest")
}

fn text(trained: &Trained) -> String {
    let mut table = TextTable::new(&[
        ("MODEL", Align::Left),
        ("VERSION", Align::Right),
        ("STAGE", Align::Left),
        ("LEARNT FROM", Align::Right),
        ("HOW GOOD", Align::Left),
        ("SECONDS", Align::Right),
        ("WHY", Align::Left),
    ]);
    for (card, stage, reason) in &trained.fitted {
        table.row(vec![
            format!("{}/{}", card.dataset, card.model),
            card.version.to_string(),
            stage.to_string(),
            count_text(card.learnt_from),
            how_good(card),
            format!("{:.1}", card.seconds),
            reason.clone(),
        ]);
    }
    table.to_string()
}
