//! The layers a row passes through.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A layer of the lake; also the first folder of a table's path and its schema in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// As received, every field a text.
    Bronze,
    /// Rows refused on the way to silver, with the reason.
    Quarantine,
    /// Typed, checked, one row per key.
    Silver,
    /// Marts, ready to be read.
    Gold,
    /// What somebody should know, and whether they were told.
    Alerts,
}

impl Layer {
    /// All layers, in the order a row meets them.
    pub const ALL: [Layer; 5] =
        [Layer::Bronze, Layer::Quarantine, Layer::Silver, Layer::Gold, Layer::Alerts];

    /// The layer in lower case, as in paths and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Bronze => "bronze",
            Layer::Quarantine => "quarantine",
            Layer::Silver => "silver",
            Layer::Gold => "gold",
            Layer::Alerts => "alerts",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A text that names no layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown layer `{0}`: expected bronze, quarantine, silver, gold or alerts")]
pub struct LayerError(String);

impl FromStr for Layer {
    type Err = LayerError;

    fn from_str(text: &str) -> Result<Self, LayerError> {
        Layer::ALL
            .into_iter()
            .find(|layer| layer.as_str() == text)
            .ok_or_else(|| LayerError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for layer in Layer::ALL {
            assert_eq!(layer.to_string().parse(), Ok(layer));
            let json = serde_json::to_string(&layer).unwrap();
            assert_eq!(json, format!("\"{layer}\""));
        }
        assert!("Bronze".parse::<Layer>().is_err());
    }
}
