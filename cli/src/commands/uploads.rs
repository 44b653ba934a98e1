use anyhow::Result;
use serde_json::json;
use smelt_domain::{DatasetName, UploadState};
use smelt_stages::{Misplaced, UploadProgress, UploadStage, misplaced_uploads, uploads};

use crate::arguments::{Global, ReportFormat};
use crate::data_size::{bytes_text, count_text};
use crate::exit::Ending;
use crate::output::print;
use crate::session::{chosen, open_existing};
use crate::table_text::{Align, TextTable};

/// The stage of what is never taken in.
const MISPLACED: &str = "misplaced";

pub(crate) async fn run(
    global: &Global,
    dataset: Option<DatasetName>,
    format: ReportFormat,
) -> Result<Ending> {
    let platform = open_existing(global)?;
    let mut found = Vec::new();
    for dataset in chosen(&platform, dataset.as_ref())? {
        found.extend(uploads(&platform, dataset, usize::MAX).await?);
    }
    found.sort_by(|one, other| one.key.cmp(&other.key));
    let only = dataset.as_ref().map(|name| platform.dataset(name)).transpose()?;
    let misplaced = misplaced_uploads(&platform, only).await?;
    match format {
        ReportFormat::Json => {
            let found = found.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
            let all: Vec<_> =
                found.into_iter().chain(misplaced.iter().map(misplaced_json)).collect();
            print(&format!("{}\n", serde_json::to_string_pretty(&all)?))?;
        }
        ReportFormat::Table => print(&text(&found, &misplaced))?,
    }
    Ok(Ending::Fine)
}

/// With the keys of an upload, of which most are not known: it has none of its own.
fn misplaced_json(misplaced: &Misplaced) -> serde_json::Value {
    json!({
        "upload": null,
        "key": misplaced.key,
        "bytes": null,
        "stage": MISPLACED,
        "rows_refused": null,
        "record": null,
        "problem": misplaced.problem,
    })
}

fn text(uploads: &[UploadProgress], misplaced: &[Misplaced]) -> String {
    let mut table = TextTable::new(&[
        ("UPLOAD", Align::Left),
        ("STAGE", Align::Left),
        ("SIZE", Align::Right),
        ("READ", Align::Right),
        ("ROWS", Align::Right),
        ("REFUSED", Align::Right),
        ("NOTE", Align::Left),
    ]);
    for upload in uploads {
        let record = upload.record.as_ref();
        let count = |count: Option<u64>| count.map(count_text).unwrap_or_default();
        table.row(vec![
            upload.key.trim_start_matches("landing/").to_owned(),
            upload.stage.to_string(),
            bytes_text(upload.bytes),
            record.map(|record| percent(record.bytes_done, upload.bytes)).unwrap_or_default(),
            count(record.and_then(|record| record.rows)),
            count(upload.rows_refused),
            record.map(|record| note(upload.stage, &record.state)).unwrap_or_default(),
        ]);
    }
    for Misplaced { key, problem } in misplaced {
        let mut cells = vec![String::new(); 7];
        cells[0] = key.trim_start_matches("landing/").to_owned();
        cells[1] = MISPLACED.to_owned();
        cells[6] = problem.clone();
        table.row(cells);
    }
    table.to_string()
}

/// Compressed files are counted as they lie there, so more than all of it is never read.
fn percent(done: u64, bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        bytes => format!("{} %", (done.min(bytes) * 100) / bytes),
    }
}

fn note(stage: UploadStage, state: &UploadState) -> String {
    match state {
        UploadState::Inspecting | UploadState::Loading if stage == UploadStage::Interrupted => {
            "the run that read it has given no sign for a minute".to_owned()
        }
        UploadState::Inspecting => "looked over".to_owned(),
        UploadState::Loading | UploadState::Loaded { .. } => String::new(),
        UploadState::AlreadyLoaded { .. } => "the same content was there already".to_owned(),
        UploadState::NoRows => "no records".to_owned(),
        UploadState::Foreign { problem }
        | UploadState::Unreadable { problem }
        | UploadState::Interrupted { problem } => problem.clone(),
    }
}
