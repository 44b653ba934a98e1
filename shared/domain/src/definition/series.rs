//! The series of a mart: what is forecast in it, and watched for anomalies.

use chrono::NaiveDate;
use serde_json::json;

use super::columns::{Declared, read_column};
use super::findings::Findings;
use super::mapping::{Mapping, choice, entries, items, number, parse_name, whole_number};
use super::yaml_tree::{Content, Node};
use crate::{
    ColumnName, ColumnType, DefinitionHash, Every, Holiday, HolidayDay, KOfN, MartSeries, Missing,
    Mute, SeriesAlerts,
};

const KEYS: [&str; 12] = [
    "value", "time", "hour", "by", "label", "every", "missing", "holidays", "horizon", "history",
    "most", "alerts",
];

const MOST_SERIES: u32 = 200;
const MOST_PER_DAY: u32 = 5;
/// So many more or fewer of something countable are no incident.
const SMALLEST_COUNT: f64 = 5.0;

/// Reads the series of the mart whose columns are declared so.
pub(super) fn read_series(
    owner: &str,
    node: &Node,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<MartSeries> {
    let what = format!("the series of {owner}");
    let mapping = Mapping::with_keys(what.clone(), node.line, node, &KEYS, findings)?;
    let every = mapping.required("every", "day", findings).and_then(|node| {
        choice("`every`", node, &Every::ALL.map(|it| (it.as_str(), it)), findings)
    });
    let value = read_value(&mapping, declared, findings);
    let time = read_time(&mapping, every, declared, findings);
    let hour = read_hour(&mapping, every, time.as_ref(), declared, findings);
    let by = read_by(&mapping, declared, findings);
    let label = read_label(&mapping, &by, findings);
    let missing = match mapping.optional("missing") {
        None => Some(Missing::Zero),
        Some(node) => {
            let known = [Missing::Zero, Missing::Unknown].map(|it| (it.as_str(), it));
            choice("`missing`", node, &known, findings)
        }
    };
    let holidays = read_holidays(&mapping, every, findings);
    let horizon = mapping
        .required("horizon", "14", findings)
        .and_then(|node| whole_number("`horizon`", node, 1..=1_000, findings));
    let mut steps = |key: &str, range| {
        let node = mapping.optional(key)?;
        whole_number(&format!("`{key}`"), node, range, findings)
    };
    let history = steps("history", 10..=20_000);
    let most = steps("most", 1..=5_000).unwrap_or(MOST_SERIES);
    let alerts = read_alerts(&mapping, &what, value.as_ref(), &by, declared, findings);

    let (value, time, every, by) = (value?, time?, every?, by?);
    let (missing, horizon, alerts) = (missing?, horizon?, alerts?);
    let history = history.unwrap_or(every.usual_history());
    let mut definition = json!({
        "value": value,
        "time": time,
        "hour": hour,
        "by": by,
        "every": every,
        "missing": missing,
        "horizon": horizon,
        "history": history,
        "most": most,
    });
    // A series without any keeps the models that it has.
    if !holidays.is_empty() {
        definition["holidays"] = json!(holidays);
    }
    let definition_hash = DefinitionHash::of(&definition, "");
    Some(MartSeries {
        value,
        time,
        hour,
        by,
        label,
        every,
        missing,
        horizon,
        history,
        holidays,
        most,
        alerts,
        definition_hash,
    })
}

fn read_value(
    mapping: &Mapping<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let node = mapping.required("value", "requests", findings)?;
    let value = read_column("`value`", node, declared, findings)?;
    if declared.type_of(&value).is_some_and(|it| !it.is_numeric()) {
        findings.at(
            node.line,
            format!("`value` names `{value}`, which is no number"),
            "name a number",
        );
    }
    Some(value)
}

fn read_time(
    mapping: &Mapping<'_>,
    every: Option<Every>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let node = mapping.required("time", "date", findings)?;
    let time = read_column("`time`", node, declared, findings)?;
    let problem = match declared.type_of(&time)? {
        ColumnType::Timestamp | ColumnType::Date => return Some(time),
        ColumnType::Text if every == Some(Every::Month) => return Some(time),
        ColumnType::Text => {
            format!("`time` names `{time}`, a text: only months may be text, as YYYY-MM")
        }
        other => format!("`time` names `{time}`, which is {other}"),
    };
    findings.at(node.line, problem, "name a DATE, a TIMESTAMP, or a TEXT with `every: month`");
    Some(time)
}

/// Hours come from a time, or from a day and a column with the hour.
fn read_hour(
    mapping: &Mapping<'_>,
    every: Option<Every>,
    time: Option<&ColumnName>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<ColumnName> {
    let is_day = time.and_then(|time| declared.type_of(time)) == Some(ColumnType::Date);
    let Some(node) = mapping.optional("hour") else {
        if is_day && every == Some(Every::Hour) {
            let problem = "`time` is a day, which does not tell the hour";
            findings.at(mapping.line(), problem, "add `hour`, the column with the hour (0 to 23)");
        }
        return None;
    };
    let hour = read_column("`hour`", node, declared, findings)?;
    let is_whole = matches!(declared.type_of(&hour)?, ColumnType::Int | ColumnType::BigInt);
    if !is_whole {
        findings.at(node.line, format!("`hour` names `{hour}`, which is not INT"), "name an INT");
    } else if !is_day || every != Some(Every::Hour) {
        let remedy = "remove it: `hour` goes with `every: hour` and a `time` that is a DATE";
        findings.at(node.line, "`hour` says nothing here", remedy);
    }
    Some(hour)
}

fn read_by(
    mapping: &Mapping<'_>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<Vec<ColumnName>> {
    let Some(node) = mapping.optional("by") else { return Some(Vec::new()) };
    let items = items("`by`", node, findings)?;
    let columns: Vec<Option<ColumnName>> =
        items.iter().map(|item| read_column("`by`", item, declared, findings)).collect();
    let mut by = Vec::new();
    for (item, column) in items.iter().zip(columns.into_iter().collect::<Option<Vec<_>>>()?) {
        if by.contains(&column) {
            findings.at(item.line, format!("`by` names `{column}` twice"), "remove one");
        } else if declared.type_of(&column).is_some_and(|it| it != ColumnType::Text) {
            let problem = format!("`by` names `{column}`, which is not TEXT");
            findings.at(item.line, problem, "tell series apart by texts");
        } else {
            by.push(column);
        }
    }
    Some(by)
}

/// `[12-25, 2026-11-26]`, or `{christmas: [12-25], thanksgiving: [2025-11-27, 2026-11-26]}`.
fn read_holidays(
    mapping: &Mapping<'_>,
    every: Option<Every>,
    findings: &mut Findings,
) -> Vec<Holiday> {
    let Some(node) = mapping.optional("holidays") else { return Vec::new() };
    if matches!(every, Some(Every::Week | Every::Month)) {
        let remedy = "remove it: a week or a month is no holiday";
        findings.at(node.line, "`holidays` says nothing here", remedy);
        return Vec::new();
    }
    if let Content::List(_) = node.content {
        let days = read_holiday_days("`holidays`", node, findings);
        return days.map(Holiday::unnamed).into_iter().collect();
    }
    let mut holidays = Vec::new();
    for kind in entries("`holidays`", node, findings).unwrap_or_default() {
        let what = format!("`{}` of `holidays`", kind.key);
        if let Some(days) = read_holiday_days(&what, &kind.value, findings) {
            holidays.push(Holiday { name: kind.key.clone(), days });
        }
    }
    holidays
}

fn read_holiday_days(what: &str, node: &Node, findings: &mut Findings) -> Option<Vec<HolidayDay>> {
    let days = items(what, node, findings)?;
    if days.is_empty() {
        findings.at(node.line, format!("{what} is empty"), "name days, or remove it");
    }
    Some(days.iter().filter_map(|day| read_holiday_day(what, day, findings)).collect())
}

fn read_holiday_day(what: &str, node: &Node, findings: &mut Findings) -> Option<HolidayDay> {
    let Content::Text(text) = &node.content else {
        findings.shape(node, format!("a day of {what}"), "a text such as 12-25 or 2026-12-25");
        return None;
    };
    let day = text.parse();
    if let Err(error) = &day {
        let remedy = "write it as 2026-12-25, or as 12-25 for that of each year";
        findings.at(node.line, error, remedy);
    }
    day.ok()
}

fn read_label(
    mapping: &Mapping<'_>,
    by: &Option<Vec<ColumnName>>,
    findings: &mut Findings,
) -> Option<String> {
    let node = mapping.optional("label")?;
    let text = mapping.text("label", "\"{borough}\"", findings)?;
    for column in by.iter().flatten() {
        if !text.contains(&format!("{{{column}}}")) {
            let problem =
                format!("`label` does not name `{column}`, by which series are told apart");
            findings.at(node.line, problem, format!("write `{{{column}}}` somewhere in it"));
        }
    }
    Some(text.to_owned())
}

fn read_alerts(
    mapping: &Mapping<'_>,
    owner: &str,
    value: Option<&ColumnName>,
    by: &Option<Vec<ColumnName>>,
    declared: &Declared,
    findings: &mut Findings,
) -> Option<SeriesAlerts> {
    let counts = value.and_then(|value| declared.type_of(value));
    let counts = matches!(counts, Some(ColumnType::Int | ColumnType::BigInt));
    let mut alerts = SeriesAlerts {
        smallest_effect: if counts { SMALLEST_COUNT } else { 0.0 },
        delay: 0,
        k_of_n: KOfN::default(),
        most_per_day: MOST_PER_DAY,
        mute: Vec::new(),
    };
    let Some(node) = mapping.optional("alerts") else { return Some(alerts) };
    let keys = ["smallest_effect", "delay", "k_of_n", "most_per_day", "mute"];
    let what = format!("the alerts of {owner}");
    let mapping = Mapping::with_keys(what, node.line, node, &keys, findings)?;
    if let Some(node) = mapping.optional("smallest_effect") {
        alerts.smallest_effect = number("`smallest_effect`", node, findings)?;
        if alerts.smallest_effect < 0.0 {
            findings.at(
                node.line,
                "`smallest_effect` is negative",
                "write how far up or down matters",
            );
        }
    }
    if let Some(node) = mapping.optional("delay") {
        alerts.delay = whole_number("`delay`", node, 0..=1_000, findings)?;
    }
    if mapping.optional("k_of_n").is_some() {
        let line = mapping.optional("k_of_n").map_or(mapping.line(), |node| node.line);
        match mapping.text("k_of_n", "2 of 3", findings)?.parse() {
            Ok(rule) => alerts.k_of_n = rule,
            Err(error) => findings.at(line, error, "write how many of how many, such as 2 of 3"),
        }
    }
    if let Some(node) = mapping.optional("most_per_day") {
        alerts.most_per_day = whole_number("`most_per_day`", node, 0..=1_000, findings)?;
    }
    if let Some(node) = mapping.optional("mute") {
        for item in items("`mute`", node, findings)? {
            alerts.mute.extend(read_mute(item, by, findings));
        }
    }
    Some(alerts)
}

/// `{borough: BRONX, from: 2026-11-01, until: 2026-11-30}`, each of which may be left out.
fn read_mute(node: &Node, by: &Option<Vec<ColumnName>>, findings: &mut Findings) -> Option<Mute> {
    let mut mute = Mute { only: Vec::new(), from: None, until: None };
    let entries = entries("`mute`", node, findings)?;
    if entries.is_empty() {
        findings.at(node.line, "a rule of `mute` is empty", "say what it is about, or remove it");
        return None;
    }
    for entry in entries {
        let Content::Text(text) = &entry.value.content else {
            findings.shape(&entry.value, format!("`{}` of `mute`", entry.key), "a text");
            continue;
        };
        match entry.key.as_str() {
            "from" => mute.from = read_day(&entry.value, text, findings),
            "until" => mute.until = read_day(&entry.value, text, findings),
            name => {
                let column: ColumnName = parse_name(entry.line, name, findings)?;
                if by.as_ref().is_some_and(|by| !by.contains(&column)) {
                    let problem = format!("`mute` names `{column}`, which is not in `by`");
                    let known =
                        by.iter().flatten().map(ColumnName::as_str).chain(["from", "until"]);
                    findings.unknown(entry.line, problem, name, known);
                }
                mute.only.push((column, text.clone()));
            }
        }
    }
    Some(mute)
}

fn read_day(node: &Node, text: &str, findings: &mut Findings) -> Option<NaiveDate> {
    let day = text.parse().ok();
    if day.is_none() {
        findings.at(node.line, format!("`{text}` is not a day"), "write it as 2026-11-30");
    }
    day
}
