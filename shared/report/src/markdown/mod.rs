//! A report as Markdown (CommonMark with tables), which is readable as plain text as well.

mod escape;
mod sparkline;
mod table;

use std::fmt::Write;

use self::escape::escaped;
use self::sparkline::sparkline;
use self::table::{Align, Table};
use crate::content::{Breakdown, Chart, Forecasts, Report};
use crate::number::{
    UNKNOWN, amount, amount_of, between, change, count, counted, grouped, percent, share,
    signed_percent,
};
use crate::summary::sentences;
use crate::words::{
    RULES_COUNT, about_figure, against_before, against_naive, anomaly_when, balance_verdict,
    capitalised, chart_in_words, compared_with, covered, figure_until, follows, group_name,
    incomplete, listed, moment, no_anomalies, others_name, outcome, title, version,
};

/// Writes a report as Markdown.
pub fn to_markdown(report: &Report) -> String {
    let mut page = Page::default();
    header(&mut page, report);
    figures(&mut page, report);
    series(&mut page, report);
    breakdowns(&mut page, report);
    anomalies(&mut page, report);
    forecast(&mut page, report);
    quality(&mut page, report);
    computed(&mut page, report);
    page.paragraph(&format!("Written by smelt on {}.", moment(report.written_at)));
    page.text
}

/// Blocks with an empty line between them. All text is escaped here.
#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    fn block(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        // Writing into a text does not fail.
        let _ = writeln!(self.text, "{}", block.trim_end());
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.block(&format!("{} {}", "#".repeat(level), escaped(text)));
    }

    fn paragraph(&mut self, text: &str) {
        self.block(&escaped(text));
    }

    fn list(&mut self, items: &[String]) {
        let items: Vec<String> = items.iter().map(|item| format!("- {}", escaped(item))).collect();
        self.block(&items.join("\n"));
    }

    fn table(&mut self, table: &Table) {
        self.block(&table.to_string());
    }
}

fn header(page: &mut Page, report: &Report) {
    page.heading(1, &title(report));
    page.paragraph(&format!("{}, {}.", report.description, covered(report)));
    if let Some(incomplete) = incomplete(report) {
        page.paragraph(&incomplete);
    }
    page.list(&sentences(report));
}

fn figures(page: &mut Page, report: &Report) {
    page.heading(2, "Figures");
    if report.figures.is_empty() {
        return page.paragraph("There are no figures.");
    }
    // A year has no column of its own for the year before: that is the period before.
    let (before, year_before) = compared_with(report);
    let against = |period: String| format!("against {period}");
    let (before, year_before) = (before.map(against), year_before.map(against));
    let compared = [before.as_deref(), year_before.as_deref()];
    let mut columns = vec![("Figure", Align::Left), ("Total", Align::Right)];
    columns.extend(compared.into_iter().flatten().map(|name| (name, Align::Right)));
    columns.extend([("Course", Align::Left), ("What it is", Align::Left)]);
    let mut table = Table::new(columns);
    for figure in &report.figures {
        let about = about_figure(figure);
        let mut cells =
            vec![capitalised(&figure.measure.name), amount(figure.value, &figure.measure)];
        for (name, then) in compared.into_iter().zip([figure.before, figure.year_before]) {
            cells.extend(name.map(|_| signed_percent(change(then, figure.value))));
        }
        cells.extend([
            sparkline(&figure.trend),
            figure_until(figure).map_or(about.clone(), |until| format!("{about}, {until}")),
        ]);
        table.row(cells);
    }
    page.table(&table);
}

fn series(page: &mut Page, report: &Report) {
    if report.series.is_empty() {
        return;
    }
    page.heading(2, "Over time");
    for section in &report.series {
        page.heading(3, &capitalised(&section.title));
        page.paragraph(&format!("{}.", capitalised(&section.description)));
        for drawn in section.total.iter().chain(&section.members) {
            chart(page, drawn);
        }
    }
}

fn chart(page: &mut Page, chart: &Chart) {
    page.paragraph(&format!("{}: {}", chart.title, chart_in_words(chart)));
    let course: Vec<Option<f64>> = chart.points.iter().map(|point| point.actual).collect();
    let course = sparkline(&course);
    if !course.is_empty() {
        page.paragraph(&course);
    }
}

fn breakdowns(page: &mut Page, report: &Report) {
    if report.breakdowns.is_empty() {
        return;
    }
    let against = against_before(report);
    page.heading(2, "By dimension");
    for breakdown in &report.breakdowns {
        page.heading(
            3,
            &format!("{} by {}", capitalised(&breakdown.measure.name), breakdown.dimension),
        );
        page.table(&breakdown_table(breakdown, &against));
    }
}

fn breakdown_table(breakdown: &Breakdown, against: &str) -> Table {
    let mut table = Table::new([
        (capitalised(&breakdown.dimension).as_str(), Align::Left),
        (capitalised(&breakdown.measure.name).as_str(), Align::Right),
        ("Share", Align::Right),
        (against, Align::Right),
    ]);
    let mut row = |name: &str, value, was| {
        table.row([
            name.to_owned(),
            amount(value, &breakdown.measure),
            percent(share(value, breakdown.total)),
            signed_percent(change(was, value)),
        ]);
    };
    for group in &breakdown.groups {
        row(group_name(group), group.value, group.before);
    }
    if let Some(others) = &breakdown.others {
        row(&others_name(others), others.value, others.before);
    }
    row("All", breakdown.total, breakdown.total_before);
    table
}

fn anomalies(page: &mut Page, report: &Report) {
    page.heading(2, "Not as expected");
    let anomalies = &report.anomalies;
    if anomalies.listed.is_empty() {
        return page.paragraph(no_anomalies(report));
    }
    let mut table = Table::new([
        ("What", Align::Left),
        ("When", Align::Left),
        ("Observed", Align::Right),
        ("Expected", Align::Right),
        ("95 of 100 within", Align::Left),
        ("Severity", Align::Left),
        ("Status", Align::Left),
        ("Since", Align::Left),
        ("Why", Align::Left),
    ]);
    for anomaly in &anomalies.listed {
        table.row([
            anomaly.what.clone(),
            anomaly_when(anomaly),
            amount_of(Some(anomaly.observed), anomaly.decimals),
            amount_of(Some(anomaly.expected), anomaly.decimals),
            between(Some(anomaly.usual), anomaly.decimals),
            anomaly.severity.to_string(),
            anomaly.status.clone(),
            moment(anomaly.since),
            anomaly.reason.clone(),
        ]);
    }
    page.table(&table);
    if anomalies.more > 0 {
        let more = counted(anomalies.more, "other that is", "others that are");
        page.paragraph(&format!("And {more} less severe."));
    }
}

fn forecast(page: &mut Page, report: &Report) {
    if report.series.is_empty() && report.forecasts.is_empty() {
        return;
    }
    page.heading(2, "What comes next");
    if report.forecasts.is_empty() {
        page.paragraph("There is no forecast of the time after this period.");
    }
    for forecasts in &report.forecasts {
        page.heading(3, &capitalised(&forecasts.measure.name));
        page.paragraph(&format!("{}, forecast on {}.", forecasts.mart, moment(forecasts.made_at)));
        page.table(&forecast_table(forecasts));
        if let Some(listed) = listed(forecasts.listed) {
            page.paragraph(&listed);
        }
    }
    accuracy(page, report);
}

fn forecast_table(forecasts: &Forecasts) -> Table {
    let decimals = forecasts.measure.decimals;
    let mut table = Table::new([
        ("Series", Align::Left),
        ("When", Align::Left),
        ("Expected", Align::Right),
        ("80 of 100 within", Align::Left),
        ("95 of 100 within", Align::Left),
    ]);
    for step in &forecasts.steps {
        table.row([
            step.series.clone().unwrap_or_else(|| "all".to_owned()),
            step.when.clone(),
            amount(step.expected, &forecasts.measure),
            between(step.interval_80, decimals),
            between(step.interval_95, decimals),
        ]);
    }
    table
}

fn accuracy(page: &mut Page, report: &Report) {
    if report.accuracy.is_empty() {
        return;
    }
    let number = |value: Option<f64>, decimals| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| grouped(value, decimals))
    };
    page.heading(3, "How good forecasts are");
    let mut table = Table::new([
        ("Mart", Align::Left),
        ("Against last season", Align::Right),
        ("MASE", Align::Right),
        ("of last season", Align::Right),
        ("sMAPE", Align::Right),
        ("Within 80 %", Align::Right),
        ("Within 95 %", Align::Right),
        ("Fitted", Align::Left),
    ]);
    for one in &report.accuracy {
        table.row([
            one.mart.clone(),
            against_naive(one),
            number(one.mase, 2),
            number(one.seasonal_naive_mase, 2),
            number(one.smape, 1),
            percent(one.coverage_80),
            percent(one.coverage_95),
            moment(one.fitted_at),
        ]);
    }
    page.table(&table);
}

fn quality(page: &mut Page, report: &Report) {
    page.heading(2, "Can the data be trusted?");
    if report.balances.is_empty() {
        page.paragraph("No rows were taken in.");
    } else {
        let mut table = Table::new([
            ("Table", Align::Left),
            ("Came in", Align::Right),
            ("Kept", Align::Right),
            ("Superseded", Align::Right),
            ("Deleted", Align::Right),
            ("Refused", Align::Right),
            ("Waiting", Align::Right),
            ("Balance", Align::Left),
        ]);
        for balance in &report.balances {
            table.row([
                balance.table.sql_name(),
                count(balance.bronze),
                count(balance.silver),
                count(balance.superseded),
                count(balance.deleted),
                count(balance.quarantined),
                count(balance.waiting),
                balance_verdict(balance).to_owned(),
            ]);
        }
        page.table(&table);
    }
    if report.rules.is_empty() {
        return;
    }
    page.paragraph(&format!("Of the rules below {RULES_COUNT}."));
    let mut table = Table::new([
        ("Rule", Align::Left),
        ("Table", Align::Left),
        ("What is wrong", Align::Left),
        ("Outcome", Align::Left),
    ]);
    for rule in &report.rules {
        let name = rule.rule.to_string();
        table.row([name, rule.table.sql_name(), rule.reason.clone(), outcome(rule)]);
    }
    page.table(&table);
}

fn computed(page: &mut Page, report: &Report) {
    page.heading(2, "How this was computed");
    let mut table = Table::new([
        ("Table", Align::Left),
        ("Version", Align::Right),
        ("Rows", Align::Right),
        ("Written", Align::Left),
        ("Follows its source", Align::Left),
    ]);
    for one in &report.tables {
        table.row([
            one.table.sql_name(),
            version(one),
            count(one.rows),
            one.written_at.map_or_else(|| UNKNOWN.to_owned(), moment),
            follows(one),
        ]);
    }
    page.table(&table);
}
