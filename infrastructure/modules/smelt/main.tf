data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

module "definitions" {
  source = "../definitions"

  datasets_dir = var.datasets_dir
}

locals {
  name       = "${var.project}-${var.environment}"
  account    = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.region
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix

  # Of metrics that the functions write; dashboards and alarms look there.
  namespace = "${var.project}/${var.environment}"

  # Empty means: keys that AWS owns or manages.
  own_key     = var.kms_key_arn != ""
  kms_key_arn = local.own_key ? var.kms_key_arn : null
}
