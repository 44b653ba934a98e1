//! Questions answered row by row, without a thought about speed.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike};

use super::{COLUMNS, Cell, KEY};

/// A question, not yet as parameters.
#[derive(Debug, Clone)]
pub struct Question {
    pub filters: Vec<(usize, &'static str, Vec<Cell>)>,
    pub shape: Shape,
    /// Positions in the table, or in the answer in groups, and whether descending.
    pub order: Vec<(usize, bool)>,
}

#[derive(Debug, Clone)]
pub enum Shape {
    Rows(Vec<usize>),
    Groups(Vec<(usize, Option<&'static str>)>, Vec<(&'static str, Option<usize>)>),
}

impl Question {
    /// As the parameters of a URL.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        for (column, operator, values) in &self.filters {
            let name = COLUMNS[*column].0;
            for value in values {
                let text = match (*operator, value) {
                    ("null", Cell::Exact(truth)) => (*truth == 1).to_string(),
                    _ => plain(value, *column),
                };
                parameters.push((format!("{name}.{operator}"), text));
            }
        }
        let names: Vec<String> = match &self.shape {
            Shape::Rows(select) => {
                let names: Vec<&str> = select.iter().map(|place| COLUMNS[*place].0).collect();
                parameters.push(("select".to_owned(), names.join(",")));
                COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect()
            }
            Shape::Groups(keys, aggregates) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(place, bucket)| match bucket {
                        Some(bucket) => format!("{}.{bucket}", COLUMNS[*place].0),
                        None => COLUMNS[*place].0.to_owned(),
                    })
                    .collect();
                let aggregates: Vec<String> = aggregates
                    .iter()
                    .map(|(function, place)| match place {
                        Some(place) => format!("{function}({})", COLUMNS[*place].0),
                        None => (*function).to_owned(),
                    })
                    .collect();
                for (name, items) in [("group", &keys), ("aggregate", &aggregates)] {
                    if !items.is_empty() {
                        parameters.push((name.to_owned(), items.join(",")));
                    }
                }
                keys.into_iter().chain(aggregates).collect()
            }
        };
        if !self.order.is_empty() {
            let order: Vec<String> = self
                .order
                .iter()
                .map(|(place, descending)| {
                    format!("{}{}", names[*place], if *descending { ".desc" } else { "" })
                })
                .collect();
            parameters.push(("order".to_owned(), order.join(",")));
        }
        parameters
    }

    /// All rows of the answer, as JSON writes their cells.
    pub fn answer(&self, rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
        let rows: Vec<Vec<Cell>> = rows
            .iter()
            .map(|row| row.iter().map(one_zero).collect::<Vec<Cell>>())
            .filter(|row| {
                self.filters
                    .iter()
                    .all(|(column, operator, values)| passes(&row[*column], operator, values))
            })
            .collect();
        match &self.shape {
            Shape::Rows(select) => {
                let rows = sorted(rows, &self.order, &KEY);
                rows.iter()
                    .map(|row| {
                        select
                            .iter()
                            .map(|place| written(&row[*place], COLUMNS[*place].1))
                            .collect()
                    })
                    .collect()
            }
            Shape::Groups(keys, aggregates) => {
                let (types, groups) = grouped(rows, keys, aggregates);
                let identifying: Vec<usize> = (0..keys.len()).collect();
                let rows = sorted(groups, &self.order, &identifying);
                rows.iter()
                    .map(|row| row.iter().zip(&types).map(|(cell, it)| written(cell, it)).collect())
                    .collect()
            }
        }
    }
}

fn one_zero(cell: &Cell) -> Cell {
    match cell {
        Cell::Double(double) if *double == 0.0 => Cell::Double(0.0),
        other => other.clone(),
    }
}

fn passes(cell: &Cell, operator: &str, values: &[Cell]) -> bool {
    let is_null = *cell == Cell::Null;
    if operator == "null" {
        return is_null == (values[0] == Cell::Exact(1));
    }
    let compared = |value: &Cell| compare(cell, &one_zero(value));
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    !is_null
        && match operator {
            "eq" => values.iter().any(|value| compared(value).is_eq()),
            "ne" => values.iter().all(|value| compared(value).is_ne()),
            "lt" => compared(&values[0]).is_lt(),
            "lte" => compared(&values[0]).is_le(),
            "gt" => compared(&values[0]).is_gt(),
            "gte" => compared(&values[0]).is_ge(),
            "contains" => values.iter().any(|value| text(cell).contains(&text(value))),
            "starts" => values.iter().any(|value| text(cell).starts_with(&text(value))),
            other => panic!("{other}"),
        }
}

fn compare(this: &Cell, that: &Cell) -> Ordering {
    match (this, that) {
        (Cell::Exact(this), Cell::Exact(that)) => this.cmp(that),
        (Cell::Double(this), Cell::Double(that)) => this.total_cmp(that),
        (Cell::Text(this), Cell::Text(that)) => this.cmp(that),
        other => panic!("{other:?}"),
    }
}

fn sorted(mut rows: Vec<Vec<Cell>>, order: &[(usize, bool)], key: &[usize]) -> Vec<Vec<Cell>> {
    let tie = key.iter().map(|place| (*place, false));
    let order: Vec<(usize, bool)> = order.iter().copied().chain(tie).collect();
    rows.sort_by(|this, that| {
        let places = order.iter().map(|(place, descending)| {
            let (this, that) = (&this[*place], &that[*place]);
            match (this == &Cell::Null, that == &Cell::Null) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) if *descending => compare(that, this),
                (false, false) => compare(this, that),
            }
        });
        places.fold(Ordering::Equal, Ordering::then)
    });
    rows
}

type Groups = Vec<(Vec<Cell>, Vec<Vec<Cell>>)>;

fn grouped(
    rows: Vec<Vec<Cell>>,
    keys: &[(usize, Option<&'static str>)],
    aggregates: &[(&'static str, Option<usize>)],
) -> (Vec<String>, Vec<Vec<Cell>>) {
    let mut groups: Groups =
        if keys.is_empty() { vec![(Vec::new(), Vec::new())] } else { Vec::new() };
    for row in rows {
        let key: Vec<Cell> =
            keys.iter().map(|(place, bucket)| in_bucket(&row[*place], *place, *bucket)).collect();
        let same = |known: &Vec<Cell>| {
            known.iter().zip(&key).all(|(this, that)| {
            this == that || matches!((this, that), (Cell::Double(a), Cell::Double(b)) if a.to_bits() == b.to_bits())
        })
        };
        match groups.iter_mut().find(|(known, _)| same(known)) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let types = keys.iter().map(|(place, _)| COLUMNS[*place].1.to_owned());
    let types = types.chain(aggregates.iter().map(|(function, place)| type_of(function, *place)));
    let told = groups.into_iter().map(|(mut key, rows)| {
        key.extend(aggregates.iter().map(|(function, place)| aggregate(function, *place, &rows)));
        key
    });
    (types.collect(), told.collect())
}

fn type_of(function: &str, place: Option<usize>) -> String {
    let of = place.map_or("", |place| COLUMNS[place].1);
    match (function, of) {
        ("count", _) | ("sum", "INT") => "BIGINT".to_owned(),
        ("avg", _) => "DOUBLE".to_owned(),
        ("sum", "DECIMAL(12,2)") => "DECIMAL(38,2)".to_owned(),
        (_, same) => same.to_owned(),
    }
}

fn aggregate(function: &str, place: Option<usize>, rows: &[Vec<Cell>]) -> Cell {
    let Some(place) = place else { return Cell::Exact(rows.len() as i128) };
    let known: Vec<&Cell> =
        rows.iter().map(|row| &row[place]).filter(|cell| **cell != Cell::Null).collect();
    let count = known.len() as f64;
    let exact = |cell: &&Cell| match cell {
        Cell::Exact(exact) => *exact,
        other => panic!("{other:?}"),
    };
    let double = |cell: &&Cell| match cell {
        Cell::Double(double) => *double,
        other => panic!("{other:?}"),
    };
    if function == "count" {
        return Cell::Exact(known.len() as i128);
    }
    if known.is_empty() {
        return Cell::Null;
    }
    let is_double = COLUMNS[place].1 == "DOUBLE";
    let scale = if COLUMNS[place].1.starts_with("DECIMAL") { 100.0 } else { 1.0 };
    match (function, is_double) {
        ("sum", false) => Cell::Exact(known.iter().map(exact).sum()),
        ("sum", true) => Cell::Double(known.iter().map(double).fold(0.0, |sum, it| sum + it)),
        ("avg", false) => {
            Cell::Double(known.iter().map(exact).sum::<i128>() as f64 / scale / count)
        }
        ("avg", true) => {
            Cell::Double(known.iter().map(double).fold(0.0, |sum, it| sum + it) / count)
        }
        ("min", _) => known.into_iter().min_by(|a, b| compare(a, b)).unwrap().clone(),
        ("max", _) => known.into_iter().max_by(|a, b| compare(a, b)).unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

fn in_bucket(cell: &Cell, place: usize, bucket: Option<&str>) -> Cell {
    let (Cell::Exact(value), Some(bucket)) = (cell, bucket) else { return cell.clone() };
    let is_day = COLUMNS[place].1 == "DATE";
    let epoch = DateTime::UNIX_EPOCH.naive_utc();
    let time = epoch
        + if is_day {
            TimeDelta::days(*value as i64)
        } else {
            TimeDelta::microseconds(*value as i64)
        };
    let day = time.date();
    let start = match bucket {
        "hour" => day.and_hms_opt(time.hour(), 0, 0),
        "day" => day.and_hms_opt(0, 0, 0),
        "week" => day.week(chrono::Weekday::Mon).first_day().and_hms_opt(0, 0, 0),
        "month" => day.with_day(1).unwrap().and_hms_opt(0, 0, 0),
        "year" => NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap().and_hms_opt(0, 0, 0),
        other => panic!("{other}"),
    };
    let since = start.unwrap() - epoch;
    Cell::Exact(if is_day {
        since.num_days().into()
    } else {
        since.num_microseconds().unwrap().into()
    })
}

/// As it is written in a parameter.
fn plain(cell: &Cell, place: usize) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => written(other, COLUMNS[place].1).trim_matches('"').to_owned(),
    }
}

/// As JSON has it.
fn written(cell: &Cell, column_type: &str) -> String {
    let epoch = DateTime::UNIX_EPOCH.naive_utc();
    match (cell, column_type) {
        (Cell::Null, _) => "null".to_owned(),
        (Cell::Text(text), _) => serde_json::to_string(text).unwrap(),
        (Cell::Double(double), _) => serde_json::to_string(double).unwrap(),
        (Cell::Exact(it), "BOOLEAN") => (*it == 1).to_string(),
        (Cell::Exact(it), "DATE") => {
            let day = epoch + TimeDelta::days(*it as i64);
            format!("\"{}\"", day.format("%Y-%m-%d"))
        }
        (Cell::Exact(it), "TIMESTAMP") => {
            let time = epoch + TimeDelta::microseconds(*it as i64);
            let text = time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
            format!("\"{}\"", text.strip_suffix(".000000").unwrap_or(&text))
        }
        (Cell::Exact(it), "BIGINT" | "INT") => it.to_string(),
        (Cell::Exact(it), _) => {
            let sign = if *it < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", it.abs() / 100, it.abs() % 100)
        }
    }
}
