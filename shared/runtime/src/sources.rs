//! What opens the sources of datasets: their URLs and secrets.

use std::collections::BTreeMap;
use std::path::Path;

use smelt_domain::{Dataset, SourceDefinition};
use smelt_sources::{Secret, Source, SourceError, SourceSettings, open_inventoried, open_source};

use crate::secrets::Secrets;
use crate::{Settings, SettingsError, Variable};

const SECRETS: &str = "SMELT_SECRETS";

/// What sources need to be opened.
#[derive(Debug)]
pub struct Sources {
    settings: Settings,
    secrets: Secrets,
}

impl Sources {
    /// The variable of a function that opens sources.
    pub const VARIABLE: Variable = Variable::optional(
        SECRETS,
        "",
        "the ARN of a secret in Secrets Manager, a JSON object of what sources need (tokens, URLs of \
         databases) by the names in the definitions; empty: they are in the environment",
    );

    /// The variables that take the place of the URLs of sources.
    pub fn url_variables(datasets: &[Dataset]) -> Vec<String> {
        let sources = datasets
            .iter()
            .flat_map(|dataset| dataset.sources.iter().map(|source| (&dataset.name, source)));
        sources.map(|(dataset, source)| source.url_variable(dataset)).collect()
    }

    /// As the settings say; nothing is asked yet.
    pub fn of(settings: &Settings) -> Result<Self, SettingsError> {
        let secrets = Secrets::of(settings.text_if_set(SECRETS)?);
        Ok(Self { settings: settings.clone(), secrets })
    }

    /// Opens a source; `scratch` is a folder for what it has to put down.
    pub async fn open(
        &self,
        dataset: &Dataset,
        definition: &SourceDefinition,
        scratch: &Path,
    ) -> Result<Box<dyn Source>, SourceError> {
        let secrets = self.secrets(dataset, definition).await?;
        let secret = |name: &str| self.secret(&secrets, name);
        let settings = self.settings_of(dataset, definition, scratch, &secret);
        open_source(&dataset.name, definition, &settings)
    }

    /// Opens a source that can tell what was deleted; `None` where it is of a kind that cannot.
    pub async fn open_inventoried(
        &self,
        dataset: &Dataset,
        definition: &SourceDefinition,
        scratch: &Path,
    ) -> Result<Option<Box<dyn Source>>, SourceError> {
        let secrets = self.secrets(dataset, definition).await?;
        let secret = |name: &str| self.secret(&secrets, name);
        let settings = self.settings_of(dataset, definition, scratch, &secret);
        open_inventoried(&dataset.name, definition, &settings)
    }

    async fn secrets(
        &self,
        dataset: &Dataset,
        definition: &SourceDefinition,
    ) -> Result<BTreeMap<String, Secret>, SourceError> {
        self.secrets.read(&format!("{}.{}", dataset.name, definition.name)).await
    }

    fn secret(&self, secrets: &BTreeMap<String, Secret>, name: &str) -> Option<Secret> {
        secrets.get(name).cloned().or_else(|| self.settings.other(name).map(Secret::new))
    }

    fn settings_of<'a>(
        &self,
        dataset: &Dataset,
        definition: &SourceDefinition,
        scratch: &'a Path,
        secret: &'a (dyn Fn(&str) -> Option<Secret> + Sync),
    ) -> SourceSettings<'a> {
        let url = self.settings.other(&definition.url_variable(&dataset.name)).map(str::to_owned);
        SourceSettings { scratch, url, secret, on_retry: None }
    }
}
