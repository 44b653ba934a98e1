use anyhow::Result;
use smelt_domain::DatasetName;
use smelt_stages::{Platform, Refit, Trained, train};

use super::models::how_good;
use super::refresh::with_dataset;
use crate::arguments::Global;
use crate::data_size::count_text;
use crate::exit::Ending;
use crate::output::print;
use crate::session::{chosen, open_recorded, reported};
use crate::table_text::{Align, TextTable};

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    refit: Refit,
) -> Result<Ending> {
    let (platform, recorder) = open_recorded(global)?;
    let command = with_dataset("train", dataset.as_ref());
    let ended = train_all(global, &platform, dataset.as_ref(), refit).await;
    reported(&platform, &command, &recorder, ended).await
}

async fn train_all(
    global: &Global,
    platform: &Platform,
    dataset: Option<&DatasetName>,
    refit: Refit,
) -> Result<Ending> {
    let mut all = Trained::default();
    for dataset in chosen(platform, dataset)? {
        let trained = train(platform, dataset, refit).await?;
        for (mart, why) in &trained.skipped {
            crate::output::say(&format!("{}/{mart}: nothing to forecast: {why}", dataset.name));
        }
        all.fitted.extend(trained.fitted);
        all.steps.extend(trained.steps);
    }
    if !all.fitted.is_empty() {
        print(&text(&all))?;
    } else if all.steps.is_empty() && !global.quiet && !global.json {
        crate::output::say("nothing is due, and all forecasts are the newest");
    }
    Ok(Ending::Fine)
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
