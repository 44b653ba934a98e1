# The HTTP API: who may ask it what, how often, and from which pages. docs/decisions/0026-access.md says why.

variable "api_access" {
  description = "`checked`: callers are known by tokens or API keys, and there is an API as soon as either is set up. `open`: there is one, and everybody who knows its address may do everything, correcting and deleting rows included."
  type        = string
  default     = "checked"

  validation {
    condition     = contains(["checked", "open"], var.api_access)
    error_message = "checked or open."
  }
}

variable "api_jwt_issuer" {
  description = "Issuer of the tokens that the API takes, as they name it, an https address; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = var.api_jwt_issuer == "" || startswith(var.api_jwt_issuer, "https://")
    error_message = "An https address."
  }
}

variable "api_jwt_audience" {
  description = "Audiences, one of which a token must have."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for audience in var.api_jwt_audience : can(regex("^[^, ]+$", audience))])
    error_message = "Audiences without commas and spaces."
  }
}

variable "api_jwt_scopes" {
  description = "Scopes, one of which a token must have. Only the gateway asks for them, so neither with API keys nor with a secret or an address of keys."
  type        = list(string)
  default     = []
}

variable "api_jwks_url" {
  description = "Where the issuer publishes its keys, an https address; empty for /.well-known/jwks.json below the issuer. With another one the gateway checks no tokens, the function alone does."
  type        = string
  default     = ""

  validation {
    condition     = var.api_jwks_url == "" || startswith(var.api_jwks_url, "https://")
    error_message = "An https address."
  }
}

variable "api_jwt_shared_secret" {
  description = "Tokens are signed with a secret (HS256) instead of with keys that the issuer publishes. Makes the secret <project>-<environment>/api-hs256, to be given its value by hand."
  type        = bool
  default     = false
}

variable "api_roles_claim" {
  description = "Claim of a token that names its roles: reader, uploader, operator, admin. A text, words of a text (`scope`) or a list; a claim within another is named with dots."
  type        = string
  default     = "roles"

  validation {
    condition     = var.api_roles_claim != ""
    error_message = "The name of a claim."
  }
}

variable "api_roles_prefix" {
  description = "What names of roles start with in that claim, such as `smelt:`; others count for nothing."
  type        = string
  default     = ""
}

variable "api_keys_enabled" {
  description = "Machines may show an API key (X-Api-Key). Makes the secret <project>-<environment>/api-keys, to be given its list by hand."
  type        = bool
  default     = false
}

variable "api_cors_origins" {
  description = "Origins of pages that may call the API and upload from a browser, beside the distribution's; [\"*\"] for all."
  type        = list(string)
  default     = []

  validation {
    condition = try(var.api_cors_origins == tolist(["*"]), false) || alltrue([
      for origin in var.api_cors_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]+)?$", origin))
    ])
    error_message = "Origins such as https://example.org, in lower case and without a path; or \"*\" alone."
  }
}

variable "api_upload_mb" {
  description = "The largest file that may be uploaded through the API; ingest needs as much scratch space and 256 MB."
  type        = number
  default     = 512

  validation {
    condition     = var.api_upload_mb >= 1 && var.api_upload_mb <= 5120 && floor(var.api_upload_mb) == var.api_upload_mb
    error_message = "1 to 5120 MB, which is the most that S3 takes at once."
  }
}

variable "api_rate" {
  description = "Requests a second that the gateway lets through in the long run, of all callers together."
  type        = number
  default     = 10

  validation {
    condition     = var.api_rate > 0
    error_message = "More than 0 requests a second: api_access and the issuer say whether there is an API at all."
  }
}

variable "api_burst" {
  description = "Requests that the gateway lets through at once."
  type        = number
  default     = 20

  validation {
    condition     = var.api_burst >= 1 && floor(var.api_burst) == var.api_burst
    error_message = "A whole number of requests, at least one."
  }
}

variable "api_caller_rate" {
  description = "Requests a second that one caller may make in the long run, by each instance of the function; as many as are refused (401) from one address."
  type        = number
  default     = 5

  validation {
    condition     = var.api_caller_rate >= 0.001 && var.api_caller_rate <= 1000000
    error_message = "0.001 to 1000000 requests a second."
  }
}

variable "api_caller_burst" {
  description = "Requests that one caller may make, or that are refused from one address, at once."
  type        = number
  default     = 20

  validation {
    condition     = var.api_caller_burst >= 1 && var.api_caller_burst <= 1000000 && floor(var.api_caller_burst) == var.api_caller_burst
    error_message = "1 to 1000000 requests."
  }
}
