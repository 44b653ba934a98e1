use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Serialize;
use smelt_domain::DatasetName;

use super::measured::{Effort, Measured};
use super::prices::{Item, Prices};
use super::volumes::Volumes;

/// Memory that comes with one whole core: Lambda gives a share of it by the size of the function.
const MB_OF_A_CORE: f64 = 1769.0;
const HOURS: f64 = 730.0;
const GB: f64 = 1e9;

/// Units of each item that one payer needs in a month.
type Units = BTreeMap<Item, f64>;

/// What a month costs.
#[derive(Debug, Serialize)]
pub(crate) struct Bill {
    /// Each item with its units, most expensive first.
    pub(crate) lines: Vec<Line>,
    /// Before what is free, by dataset; the last is what no dataset causes.
    pub(crate) payers: Vec<Share>,
    /// Without anything free.
    pub(crate) total: f64,
    /// Of an account that uses what is free for nothing else.
    pub(crate) total_after_free: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) item: Item,
    pub(crate) label: String,
    pub(crate) units: f64,
    pub(crate) unit: String,
    pub(crate) price: f64,
    pub(crate) cost: f64,
    pub(crate) free: f64,
    pub(crate) cost_after_free: f64,
}

/// What one payer causes.
#[derive(Debug, Serialize)]
pub(crate) struct Share {
    /// A dataset; none for what stands there in any case.
    pub(crate) dataset: Option<DatasetName>,
    pub(crate) compute: f64,
    pub(crate) requests: f64,
    pub(crate) storage: f64,
    pub(crate) monitoring: f64,
    pub(crate) other: f64,
    pub(crate) total: f64,
}

/// Multiplies what was measured with what a month brings and with the prices.
pub(crate) fn bill(measured: &Measured, volumes: &Volumes, prices: &Prices) -> Result<Bill> {
    let mut payers: Vec<(Option<DatasetName>, Units)> = Vec::new();
    for (dataset, volume) in &volumes.datasets {
        payers.push((Some(dataset.clone()), of_dataset(dataset, volume, measured, volumes)?));
    }
    payers.push((None, of_standing(measured, volumes)));

    let mut units = Units::new();
    for (item, amount) in payers.iter().flat_map(|(_, units)| units) {
        *units.entry(*item).or_default() += amount;
    }
    let lines = lines(&units, prices)?;
    let payers = payers.into_iter().map(|(dataset, units)| share(dataset, &units, prices));
    Ok(Bill {
        total: lines.iter().map(|line| line.cost).sum(),
        total_after_free: lines.iter().map(|line| line.cost_after_free).sum(),
        payers: payers.collect::<Result<_>>()?,
        lines,
    })
}

fn of_dataset(
    dataset: &DatasetName,
    volume: &super::volumes::Volume,
    measured: &Measured,
    volumes: &Volumes,
) -> Result<Units> {
    let delivery = measured.deliveries.get(dataset).with_context(|| {
        let known: Vec<&str> = measured.deliveries.keys().map(DatasetName::as_str).collect();
        format!("no delivery of {dataset} was measured, only of {}", known.join(", "))
    })?;
    let mut units = Units::new();
    for effort in delivery.functions.values() {
        add(&mut units, effort, volume.deliveries);
    }
    for (function, wake_ups) in &volumes.schedules {
        let effort = measured.schedules.get(function).with_context(|| {
            format!("no wake-up of {function} by schedule was measured; correct the volumes")
        })?;
        add(&mut units, effort, *wake_ups);
        *units.entry(Item::Scheduler).or_default() += wake_ups;
    }
    let rows = (delivery.rows + delivery.rows_before).max(1);
    let bytes_per_row = delivery.stored_bytes as f64 / rows as f64;
    units.insert(Item::S3Storage, bytes_per_row * volume.rows_held / GB);
    Ok(units)
}

/// What `times` such efforts need in a month.
fn add(units: &mut Units, effort: &Effort, times: f64) {
    let mut add = |item, amount: f64| *units.entry(item).or_default() += amount * times;
    add(Item::LambdaRequests, effort.invocations as f64);
    add(Item::LambdaCompute, billed_seconds(effort) * effort.memory_mb as f64 / 1024.0);
    add(Item::S3Writes, effort.s3_writes as f64);
    add(Item::S3Reads, effort.s3_reads as f64);
    add(Item::SqsRequests, effort.sqs_requests as f64);
    add(Item::SnsPublishes, effort.sns_publishes as f64);
    add(Item::SecretReads, effort.secret_reads as f64);
    add(Item::LogIngestion, effort.log_bytes as f64 / GB);
    // A metric is paid for the hours in which it has a value: never more than all of them.
    let hours = times.min(HOURS);
    *units.entry(Item::Metrics).or_default() += effort.metrics as f64 * hours / HOURS;
}

/// How long it would have taken with the share of a core that the function's size gives it.
fn billed_seconds(effort: &Effort) -> f64 {
    let cores = (effort.memory_mb as f64 / MB_OF_A_CORE).max(f64::EPSILON);
    let computing = effort.cpu_ms as f64;
    // What was not computing was waiting, and takes as long on any core.
    let waiting = (effort.wall_ms as f64 - computing).max(0.0);
    (waiting + (computing / cores).max(effort.wall_ms as f64 - waiting)) / 1000.0
}

fn of_standing(measured: &Measured, volumes: &Volumes) -> Units {
    let mut units = Units::new();
    add(&mut units, &measured.api_request, volumes.api_requests);
    let polls = HOURS * 3600.0 / volumes.poll_seconds.max(1.0) * volumes.pollers;
    *units.entry(Item::SqsRequests).or_default() += polls * volumes.queues;
    units.extend([
        (Item::ApiRequests, volumes.api_requests),
        (Item::CdnBytes, volumes.cdn_gb),
        (Item::AthenaScans, volumes.athena_tb),
        (Item::SnsEmails, volumes.emails),
        (Item::Alarms, volumes.alarms),
        (Item::Dashboards, volumes.dashboards),
        (Item::Secrets, volumes.secrets),
    ]);
    units
}

fn lines(units: &Units, prices: &Prices) -> Result<Vec<Line>> {
    let line = |(item, units): (&Item, &f64)| {
        let price = price(*item, prices)?;
        anyhow::Ok(Line {
            item: *item,
            label: price.label.clone(),
            units: *units,
            unit: price.unit.clone(),
            price: price.price,
            cost: units * price.price,
            free: price.free,
            cost_after_free: (units - price.free).max(0.0) * price.price,
        })
    };
    let mut lines: Vec<Line> = units.iter().map(line).collect::<Result<_>>()?;
    lines.sort_by(|a, b| b.cost.total_cmp(&a.cost));
    Ok(lines)
}

fn price(item: Item, prices: &Prices) -> Result<&super::prices::Price> {
    prices.items.get(&item).with_context(|| {
        let name = serde_json::to_string(&item).unwrap_or_default();
        format!("the prices of {} have none for {name}; add it", prices.region)
    })
}

fn share(dataset: Option<DatasetName>, units: &Units, prices: &Prices) -> Result<Share> {
    let mut share = Share {
        dataset,
        compute: 0.0,
        requests: 0.0,
        storage: 0.0,
        monitoring: 0.0,
        other: 0.0,
        total: 0.0,
    };
    for (item, amount) in units {
        let cost = amount * price(*item, prices)?.price;
        share.total += cost;
        *match item {
            Item::LambdaCompute | Item::LambdaRequests => &mut share.compute,
            Item::S3Writes | Item::S3Reads | Item::SqsRequests => &mut share.requests,
            Item::S3Storage => &mut share.storage,
            Item::LogIngestion | Item::Metrics | Item::Alarms | Item::Dashboards => {
                &mut share.monitoring
            }
            Item::SnsPublishes
            | Item::SnsEmails
            | Item::Scheduler
            | Item::Secrets
            | Item::SecretReads
            | Item::ApiRequests
            | Item::CdnBytes
            | Item::AthenaScans => &mut share.other,
        } += cost;
    }
    Ok(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effort(memory_mb: u64, wall_ms: u64, cpu_ms: u64) -> Effort {
        Effort { invocations: 1, memory_mb, wall_ms, cpu_ms, metrics: 2, ..Effort::default() }
    }

    fn measured() -> Measured {
        serde_json::from_value(serde_json::json!({
            "measured_at": "2026-11-28",
            "deliveries": {"shop": {
                "rows": 10, "rows_before": 90, "stored_bytes": 1000,
                "functions": {"gold": {
                    "invocations": 2, "memory_mb": 1024, "wall_ms": 1500, "cpu_ms": 0,
                    "s3_writes": 10, "s3_reads": 20, "sqs_requests": 3, "sns_publishes": 0,
                    "secret_reads": 0, "log_bytes": 100, "metrics": 7,
                }},
            }},
            "schedules": {},
            "api_request": {
                "invocations": 1, "memory_mb": 512, "wall_ms": 10, "cpu_ms": 0,
                "s3_writes": 0, "s3_reads": 4, "sqs_requests": 0, "sns_publishes": 0,
                "secret_reads": 0, "log_bytes": 0, "metrics": 0,
            },
        }))
        .unwrap()
    }

    fn volumes(deliveries: f64) -> Volumes {
        let text = format!(
            "{{datasets: {{shop: {{deliveries: {deliveries}, rows_held: 1e9}}}}, schedules: {{}},
              api_requests: 1000, cdn_gb: 0, athena_tb: 0, emails: 0, alarms: 12, dashboards: 1,
              secrets: 1, queues: 4, pollers: 5, poll_seconds: 20}}"
        );
        serde_saphyr::from_str(&text).unwrap()
    }

    fn prices() -> Prices {
        serde_saphyr::from_str(super::super::PRICES).unwrap()
    }

    fn line(bill: &Bill, item: Item) -> &Line {
        bill.lines.iter().find(|line| line.item == item).unwrap()
    }

    #[test]
    fn a_delivery_is_paid_for_as_often_as_it_comes() {
        let bill = bill(&measured(), &volumes(100.0), &prices()).unwrap();
        let compute = line(&bill, Item::LambdaCompute);
        // 100 deliveries of 1.5 s in 1 GB, 1,000 requests of 10 ms in half a GB.
        assert!((compute.units - 155.0).abs() < 1e-9, "{compute:?}");
        assert!((line(&bill, Item::LambdaRequests).units - 1200.0).abs() < 1e-9);
        assert!((line(&bill, Item::S3Writes).units - 1000.0).abs() < 1e-9);
        assert!((line(&bill, Item::S3Reads).units - 6000.0).abs() < 1e-9);
        // 10 bytes a row, a billion rows.
        assert!((line(&bill, Item::S3Storage).units - 10.0).abs() < 1e-9);
        // Four queues, five polls at once, one each 20 s; and three requests a delivery.
        assert!((line(&bill, Item::SqsRequests).units - (2_628_000.0 + 300.0)).abs() < 1e-6);
    }

    #[test]
    fn metrics_are_paid_for_by_the_hour_and_never_for_more_than_all_hours() {
        let often = bill(&measured(), &volumes(10_000.0), &prices()).unwrap();
        assert!((line(&often, Item::Metrics).units - 7.0).abs() < 1e-9);
        let daily = bill(&measured(), &volumes(73.0), &prices()).unwrap();
        assert!((line(&daily, Item::Metrics).units - 0.7).abs() < 1e-9);
    }

    #[test]
    fn what_is_free_is_taken_off_once_for_all() {
        let bill = bill(&measured(), &volumes(100.0), &prices()).unwrap();
        let alarms = line(&bill, Item::Alarms);
        assert!((alarms.cost - 1.2).abs() < 1e-9 && (alarms.cost_after_free - 0.2).abs() < 1e-9);
        assert!(line(&bill, Item::LambdaCompute).cost_after_free < 1e-12);
        assert!(bill.total_after_free < bill.total);
    }

    #[test]
    fn the_datasets_and_what_stands_there_pay_for_everything() {
        let bill = bill(&measured(), &volumes(100.0), &prices()).unwrap();
        let paid: f64 = bill.payers.iter().map(|share| share.total).sum();
        assert!((paid - bill.total).abs() < 1e-9, "{bill:?}");
        assert!(bill.payers.last().unwrap().dataset.is_none());
    }

    #[test]
    fn a_small_function_computes_slowly_and_waits_as_fast_as_any() {
        // 1,769 MB are one core.
        assert!((billed_seconds(&effort(1769, 1000, 1000)) - 1.0).abs() < 1e-9);
        assert!((billed_seconds(&effort(1769, 1000, 0)) - 1.0).abs() < 1e-9);
        // A quarter of a core: 100 ms of computing take four times as long.
        assert!((billed_seconds(&effort(1769 / 4, 1000, 100)) - 1.3).abs() < 0.01);
        // Two threads at once here, one after the other there.
        assert!((billed_seconds(&effort(1769, 1000, 2000)) - 2.0).abs() < 1e-9);
        // More than a core makes one thread no faster.
        assert!((billed_seconds(&effort(2 * 1769, 1000, 1000)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_not_measured_is_told() {
        let mut woken = volumes(1.0);
        woken.schedules.insert("alert".to_owned(), 730.0);
        let error = bill(&measured(), &woken, &prices()).unwrap_err().to_string();
        assert!(error.contains("no wake-up of alert by schedule was measured"), "{error}");
        let mut without = prices();
        without.items.remove(&Item::Alarms);
        let error = bill(&measured(), &volumes(1.0), &without).unwrap_err().to_string();
        assert!(error.contains("alarms"), "{error}");
    }
}
