//! The variables that only `api` reads.

use smelt_runtime::Variable;

pub(crate) const ACCESS: &str = "SMELT_API_ACCESS";
pub(crate) const ISSUER: &str = "SMELT_API_JWT_ISSUER";
pub(crate) const AUDIENCE: &str = "SMELT_API_JWT_AUDIENCE";
pub(crate) const JWKS_URL: &str = "SMELT_API_JWKS_URL";
pub(crate) const HS256_SECRET: &str = "SMELT_API_HS256_SECRET";
pub(crate) const ROLES_CLAIM: &str = "SMELT_API_ROLES_CLAIM";
pub(crate) const ROLES_PREFIX: &str = "SMELT_API_ROLES_PREFIX";
pub(crate) const KEYS_SECRET: &str = "SMELT_API_KEYS_SECRET";
pub(crate) const CORS_ORIGINS: &str = "SMELT_API_CORS_ORIGINS";
pub(crate) const UPLOAD_MB: &str = "SMELT_API_UPLOAD_MB";
pub(crate) const RATE: &str = "SMELT_API_RATE";
pub(crate) const BURST: &str = "SMELT_API_BURST";
pub(crate) const REFRESH_QUEUES: &str = "SMELT_API_REFRESH_QUEUES";

pub(crate) const ALL: [Variable; 13] = [
    Variable::optional(
        ACCESS,
        "checked",
        "`checked`: callers show a token or a key; `open`: everybody may do everything",
    ),
    Variable::optional(
        ISSUER,
        "",
        "who issues tokens, as their claim `iss` says; empty: no tokens",
    ),
    Variable::optional(
        AUDIENCE,
        "",
        "for whom tokens are, as their claim `aud` says, between commas",
    ),
    Variable::optional(
        JWKS_URL,
        "",
        "where the issuer publishes its keys; empty: below it, at /.well-known/jwks.json",
    ),
    Variable::optional(
        HS256_SECRET,
        "",
        "the ARN of a secret in Secrets Manager with which tokens are signed (HS256); empty: they are \
         signed with keys that the issuer publishes",
    ),
    Variable::optional(ROLES_CLAIM, "roles", "the claim of a token that has the roles"),
    Variable::optional(
        ROLES_PREFIX,
        "",
        "what stands before a role in that claim, such as `smelt:`",
    ),
    Variable::optional(
        KEYS_SECRET,
        "",
        "the ARN of a secret with the API keys: [{\"name\", \"sha256\", \"role\"}]; empty: no keys",
    ),
    Variable::optional(
        CORS_ORIGINS,
        "",
        "origins of the web pages that may ask, between commas; empty: only pages of the same origin",
    ),
    Variable::optional(UPLOAD_MB, "512", "megabytes of the largest upload"),
    Variable::optional(
        RATE,
        "",
        "requests a second of one caller, and refused ones (401) of one address; empty: the gateway sees to that",
    ),
    Variable::optional(
        BURST,
        "50",
        "requests of one caller, and refused ones of one address, at once",
    ),
    Variable::optional(
        REFRESH_QUEUES,
        "{}",
        "the queues of functions by their names, as JSON: {\"silver\": \"https://…\"}",
    ),
];
