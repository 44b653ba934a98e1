use smelt_domain::TableId;

use crate::log_actions::LogAction;
use crate::snapshot::followed_id;
use crate::{LakeError, Table};

/// Commits that are looked through for one that followed anything; upkeep commits follow nothing.
const LOOKED_THROUGH: u64 = 50;

impl Table {
    /// How far the table followed an upstream at one of its former versions; `None` when the log
    /// does not tell any more.
    pub async fn followed_at(
        &self,
        version: u64,
        upstream: &TableId,
    ) -> Result<Option<u64>, LakeError> {
        let app_id = followed_id(upstream);
        for version in (version.saturating_sub(LOOKED_THROUGH)..=version).rev() {
            let Some(actions) = self.actions(version).await? else { return Ok(None) };
            let followed = actions.into_iter().find_map(|action| match action {
                LogAction::Txn(transaction) if transaction.app_id == app_id => {
                    u64::try_from(transaction.version).ok()
                }
                _ => None,
            });
            if followed.is_some() {
                return Ok(followed);
            }
        }
        Ok(None)
    }
}
