//! `smelt report`: what happened in a period, on one page.

use std::io::Write;

use anyhow::Result;
use smelt_report::{to_html, to_markdown};
use smelt_stages::{publish_report, report};

use crate::arguments::{Global, PageFormat, ReportArguments};
use crate::exit::Ending;
use crate::output::{print, say};
use crate::result_file::ResultFile;
use crate::session::open_existing;

pub(crate) async fn run(global: &Global, arguments: ReportArguments) -> Result<Ending> {
    let platform = open_existing(global)?;
    let dataset = platform.dataset(&arguments.dataset)?;
    if arguments.publish {
        let published = publish_report(&platform, dataset, arguments.period).await?;
        print(&format!("{}\n", published.path))?;
        return Ok(Ending::Fine);
    }
    let report = report(&platform, dataset, arguments.period).await?;
    let page = match arguments.format {
        PageFormat::Html => to_html(&report),
        PageFormat::Md => to_markdown(&report),
    };
    let Some(path) = &arguments.output else {
        print(&page)?;
        return Ok(Ending::Fine);
    };
    let mut file = ResultFile::create(path)?;
    file.write_all(page.as_bytes())?;
    file.finish()?;
    if !global.quiet && !global.json {
        say(&format!("{}: {} of {}", path.display(), report.dataset, report.period.title()));
    }
    Ok(Ending::Fine)
}
