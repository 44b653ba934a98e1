variable "region" {
  description = "AWS region of the environments."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region such as eu-central-1."
  }
}

variable "project" {
  description = "First part of every name, as in the environments."
  type        = string
  default     = "smelt"
}

variable "environments" {
  description = "Environments that are deployed from the repository; GitHub has to have them under the same names."
  type        = list(string)
  default     = ["dev", "prod"]
}

variable "repository" {
  description = "Repository whose workflows may deploy, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "owner/name, without wildcards: whoever matches may deploy."
  }
}

variable "github_provider_arn" {
  description = "GitHub's OIDC provider, if the account has it already: there can be only one. Empty to make it."
  type        = string
  default     = ""
}

variable "kms_key_arns" {
  description = "Keys that the environments use, if any."
  type        = list(string)
  default     = []
}
