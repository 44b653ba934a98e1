//! Arguments of `smelt serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use url::Url;

pub(crate) const SERVE_EXAMPLES: &str = "\
Examples:
  smelt serve                                      the dashboard and the API of ./lake
  smelt --lake s3://bucket/lake serve --port 0     of a bucket, at any free port
  smelt serve --host 0.0.0.0 --api-keys keys.json  for others, who show a key
  smelt serve --host 0.0.0.0 --jwt-issuer https://login.example.com --jwt-audience smelt

At a loopback address everybody may do everything. Elsewhere callers show a key (X-Api-Key) or a token
(Authorization: Bearer). keys.json holds [{\"name\": \"bi\", \"role\": \"reader\", \"sha256\": \"…\"}], where
sha256 is what `printf %s KEY | sha256sum` says. Roles are reader, uploader, operator and admin, each with
the rights of those before it; no route needs admin today, so it may do what operator may.";

/// Where to serve, and to whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArguments {
    /// The port; 0: any that is free.
    #[arg(long, default_value_t = 8360)]
    pub(crate) port: u16,
    /// The address to listen at.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) host: IpAddr,
    /// The folder of the dashboard, if not dashboard/dist.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dashboard: Option<PathBuf>,
    /// Megabytes of the largest upload.
    #[arg(long, default_value_t = 2048, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) upload_mb: u64,
    /// API keys: a JSON file.
    #[arg(long, value_name = "FILE")]
    pub(crate) api_keys: Option<PathBuf>,
    /// Who issues tokens, as their claim iss says.
    #[arg(long, value_name = "ISSUER", requires = "jwt_audience")]
    pub(crate) jwt_issuer: Option<String>,
    /// For whom tokens are, as their claim aud says.
    #[arg(long, value_name = "AUDIENCE", value_delimiter = ',', requires = "jwt_issuer")]
    pub(crate) jwt_audience: Vec<String>,
    /// A file with the secret that tokens are signed with (HS256), instead of published keys.
    #[arg(long, value_name = "FILE", requires = "jwt_issuer", conflicts_with = "jwks_url")]
    pub(crate) jwt_secret: Option<PathBuf>,
    /// Where the issuer publishes its keys; ISSUER/.well-known/jwks.json if not given.
    #[arg(long, value_name = "URL", requires = "jwt_issuer")]
    pub(crate) jwks_url: Option<Url>,
    /// The claim of a token that has the roles.
    #[arg(long, value_name = "CLAIM", default_value = "roles")]
    pub(crate) jwt_roles_claim: String,
    /// Origins of other web pages that may ask, between commas.
    #[arg(long, value_name = "ORIGINS", default_value = "")]
    pub(crate) cors_origins: String,
    /// Requests a second of one caller, and refused ones of one address.
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<f64>,
    /// Requests of one caller, and refused ones of one address, at once.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) burst: u32,
}
