use serde::{Deserialize, Serialize};

/// The patterns that the requests follow. The default has all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Weekends differ from working days.
    pub weekly: bool,
    /// Winter differs from summer.
    pub yearly: bool,
    /// Night differs from day.
    pub daily: bool,
    /// Public holidays differ from other days.
    pub holidays: bool,
    /// Days differ for no visible reason, some in a row in the same direction.
    pub weather: bool,
    /// Growth per year; 0.03 is 3 %.
    pub growth: f64,
    /// Three anomalies are planted, where there are at least 60 days.
    pub anomalies: bool,
    /// Share of all rows that are later versions of requests closed since their first version.
    pub late_closings: f64,
    /// Share of requests whose created_date is corrected later to another month. At least one
    /// request where there is more than one file, unless the share is 0.
    pub month_corrections: f64,
    /// Share of requests whose borough is corrected later.
    pub borough_corrections: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            weekly: true,
            yearly: true,
            daily: true,
            holidays: true,
            weather: true,
            growth: 0.03,
            anomalies: true,
            late_closings: 0.06,
            month_corrections: 0.0001,
            borough_corrections: 0.001,
        }
    }
}

impl Shape {
    /// Every day and hour alike, and one version of each request.
    pub fn flat() -> Self {
        Self {
            weekly: false,
            yearly: false,
            daily: false,
            holidays: false,
            weather: false,
            growth: 0.0,
            anomalies: false,
            late_closings: 0.0,
            month_corrections: 0.0,
            borough_corrections: 0.0,
        }
    }
}
