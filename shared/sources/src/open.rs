use std::path::Path;

use smelt_domain::{DatasetName, Socrata, SourceDefinition, SourceKind};

use crate::ckan::CkanAccess;
use crate::{HttpSettings, RetryListener, Secret, Source, SourceError, ckan, socrata, sql};

/// What a source needs to know beside its definition.
pub struct SourceSettings<'a> {
    /// The folder for what does not fit into memory.
    pub scratch: &'a Path,
    /// A root URL instead of the definition's: another portal of the same kind, a stand-in.
    pub url: Option<String>,
    /// Finds the value of a variable that the definition names; `None` when it is not set.
    pub secret: &'a (dyn Fn(&str) -> Option<Secret> + Sync),
    /// Who hears of attempts that failed and are made again, beside the log.
    pub on_retry: Option<RetryListener>,
}

impl SourceSettings<'_> {
    fn http(&self) -> HttpSettings {
        HttpSettings { on_retry: self.on_retry.clone(), ..HttpSettings::default() }
    }
}

impl std::fmt::Debug for SourceSettings<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SourceSettings").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Opens a source of a dataset; nothing is connected before it is asked for something.
///
/// # Errors
///
/// `Setting` when a variable that it needs is missing or cannot be used.
pub fn open_source(
    dataset: &DatasetName,
    definition: &SourceDefinition,
    settings: &SourceSettings<'_>,
) -> Result<Box<dyn Source>, SourceError> {
    let label = format!("{dataset}.{}", definition.name);
    match &definition.kind {
        SourceKind::Sql(definition) => {
            let url = (settings.secret)(&definition.url).ok_or_else(|| SourceError::Setting {
                source_label: label.clone(),
                detail: "it needs the URL of its database".to_owned(),
                variable: definition.url.clone(),
            })?;
            Ok(Box::new(sql::open(definition, label, url)?))
        }
        SourceKind::Socrata(definition) => open_socrata(definition, label, settings),
        SourceKind::Ckan(definition) => {
            let access = CkanAccess {
                url: settings.url.clone(),
                token: definition.token.as_deref().and_then(settings.secret),
                scratch: settings.scratch.to_owned(),
                http: settings.http(),
            };
            Ok(Box::new(ckan::open(definition, label, access)?))
        }
    }
}

/// Opens a source that can tell what was deleted (it has an [`inventory`](Source::inventory)); `None` for
/// one of a kind that cannot.
///
/// Whoever only reconciles needs no client of databases.
///
/// # Errors
///
/// As [`open_source`].
pub fn open_inventoried(
    dataset: &DatasetName,
    definition: &SourceDefinition,
    settings: &SourceSettings<'_>,
) -> Result<Option<Box<dyn Source>>, SourceError> {
    let label = format!("{dataset}.{}", definition.name);
    match &definition.kind {
        SourceKind::Socrata(definition) => open_socrata(definition, label, settings).map(Some),
        SourceKind::Sql(_) | SourceKind::Ckan(_) => Ok(None),
    }
}

fn open_socrata(
    definition: &Socrata,
    label: String,
    settings: &SourceSettings<'_>,
) -> Result<Box<dyn Source>, SourceError> {
    let token = definition.app_token.as_deref().and_then(settings.secret);
    let url = settings.url.clone();
    Ok(Box::new(socrata::open(definition, label, url, token, settings.http())?))
}
