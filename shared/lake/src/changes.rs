use std::collections::BTreeSet;

use crate::log_actions::LogAction;
use crate::{LakeError, PartitionValues, Table};

/// What a table's commits changed between two versions.
#[derive(Debug, Clone, PartialEq)]
pub enum Changes {
    /// The partitions whose files were added or removed; compactions change no data and are left
    /// out.
    Partitions(Vec<PartitionValues>),
    /// The log is cleaned up that far back: treat everything as changed.
    Everything,
}

impl Table {
    /// What commits `from + 1 ..= to` changed; with `from` = `None`, everything.
    pub async fn changes(&self, from: Option<u64>, to: u64) -> Result<Changes, LakeError> {
        let Some(from) = from else { return Ok(Changes::Everything) };
        let mut partitions = BTreeSet::new();
        for version in from + 1..=to {
            let Some(actions) = self.actions(version).await? else {
                return Ok(Changes::Everything);
            };
            for action in actions {
                match action {
                    LogAction::Add(add) if add.data_change => {
                        partitions.insert(add.partition_values.into_iter().collect());
                    }
                    LogAction::Remove(remove) if remove.data_change => {
                        let Some(values) = remove.partition_values else {
                            return Ok(Changes::Everything);
                        };
                        partitions.insert(values.into_iter().collect());
                    }
                    _ => {}
                }
            }
        }
        Ok(Changes::Partitions(partitions.into_iter().collect()))
    }

    /// The actions of one commit; `None` when the log is cleaned up that far back.
    pub(crate) async fn actions(&self, version: u64) -> Result<Option<Vec<LogAction>>, LakeError> {
        let path = self.path(&format!("_delta_log/{version:020}.json"));
        let bytes = self.lake().get_object(&path).await?;
        bytes.map(|bytes| self.parse_commit(&path, &bytes)).transpose()
    }

    fn parse_commit(&self, path: &str, bytes: &[u8]) -> Result<Vec<LogAction>, LakeError> {
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).map_err(|error| self.corrupt(path, &error)))
            .collect()
    }

    fn corrupt(&self, path: &str, detail: &dyn std::fmt::Display) -> LakeError {
        LakeError::Corrupt {
            table: self.id().sql_name(),
            detail: format!("{path} cannot be read: {detail}"),
        }
    }
}
