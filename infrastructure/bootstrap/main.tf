# Once per account, by hand, before anything else: the bucket of the states, and the roles that GitHub's
# workflows take. Its own state stays with whoever applies it, or is moved into the bucket afterwards
# (docs/runbook.md).

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project    = var.project
      part       = "bootstrap"
      managed_by = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Beginning of names in the region, such as arn:aws:sqs:eu-central-1:111122223333.
  regional = {
    for service in ["lambda", "sqs", "sns", "logs", "scheduler", "secretsmanager", "glue", "athena", "cloudwatch", "ec2"] :
    service => "arn:${local.partition}:${service}:${var.region}:${local.account}"
  }
  environments = toset(var.environments)
}
