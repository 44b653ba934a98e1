//! Weights of models, stored by the models' names.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::forecast::Part;
use crate::models::Model;

/// One weight for each of [`Model::ALL`]: a sum of 1, or nothing but zeros if there was no trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights(Vec<f64>);

impl Weights {
    /// Those of the models in order; models that are left out have none.
    pub(crate) fn new(mut weights: Vec<f64>) -> Self {
        weights.resize(Model::ALL.len(), 0.0);
        Self(weights)
    }

    pub(crate) fn all(&self) -> &[f64] {
        &self.0
    }

    fn some(&self) -> impl Iterator<Item = (Model, f64)> {
        Model::ALL.into_iter().zip(self.0.iter().copied()).filter(|(_, weight)| *weight > 0.0)
    }

    /// Models that have a weight, the heaviest first.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let part = |(model, weight): (Model, f64)| Part { model: model.name().to_owned(), weight };
        let mut parts: Vec<Part> = self.some().map(part).collect();
        // Stable: equal weights stay in the order of the models.
        parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        parts
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.some().map(|(model, weight)| (model.name(), weight)))
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = BTreeMap::<String, f64>::deserialize(deserializer)?;
        Self::read(&by_name).map_err(serde::de::Error::custom)
    }
}

impl Weights {
    /// A mean without one of its models is another mean, that no trial has seen: a name that is not
    /// known any more is an error.
    fn read(by_name: &BTreeMap<String, f64>) -> Result<Self, String> {
        let mut weights = vec![0.0; Model::ALL.len()];
        for (name, weight) in by_name {
            let Some(model) = Model::named(name) else {
                return Err(format!(
                    "there is no model {name:?}; what was fitted by another version has to be fitted anew"
                ));
            };
            if !(*weight >= 0.0 && *weight <= 1.001) {
                return Err(format!("{weight} is no weight of {name}"));
            }
            weights[model as usize] = *weight;
        }
        Ok(Self(weights))
    }
}
