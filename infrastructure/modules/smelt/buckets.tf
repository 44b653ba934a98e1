# Two buckets: data, and logs of who read it. What is common to both is said once, over this map.

locals {
  buckets = {
    data = aws_s3_bucket.data
    logs = aws_s3_bucket.logs
  }
}

resource "aws_s3_bucket" "data" {
  # checkov:skip=CKV_AWS_144: versions guard against mistakes; another region would double the cost, and sources can be pulled again
  # checkov:skip=CKV_AWS_145: encrypted with the own key where there is one, else with S3's
  bucket = "${local.name}-data-${local.account}"

  # Bronze is what everything is computed from. docs/runbook.md says how to destroy it on purpose.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket" "logs" {
  # checkov:skip=CKV_AWS_18: the logs of the bucket of logs would be logs of themselves
  # checkov:skip=CKV_AWS_144: access logs and query results are not worth a copy in another region
  # checkov:skip=CKV_AWS_145: S3 writes access logs only where its own key encrypts
  # checkov:skip=CKV2_AWS_62: nothing follows from a log
  bucket = "${local.name}-logs-${local.account}"
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = aws_s3_bucket.data.id

  rule {
    bucket_key_enabled = local.own_key

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.own_key ? "aws:kms" : "AES256"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_logging" "data" {
  bucket        = aws_s3_bucket.data.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "s3/"

  # A folder per day, so that Athena need not read all of them.
  target_object_key_format {
    partitioned_prefix {
      partition_date_source = "EventTime"
    }
  }

  depends_on = [aws_s3_bucket_policy.logs]
}

# A page of one of these origins may put a file where a presigned address says, and nothing else.
resource "aws_s3_bucket_cors_configuration" "data" {
  count = local.api_count > 0 && (length(local.gateway_origins) > 0 || var.cdn_enabled) ? 1 : 0

  bucket = aws_s3_bucket.data.id

  cors_rule {
    id              = "uploads"
    allowed_methods = ["PUT"]
    allowed_origins = local.page_origins
    allowed_headers = ["content-type", "content-md5", "if-none-match", "x-amz-*"]
    expose_headers  = ["etag"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  bucket = aws_s3_bucket.data.id

  # Deleting by age is for reports only: which files of a table are old, only the table's log knows.
  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
    expiration {
      expired_object_delete_marker = true
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "runs"
    status = "Enabled"

    filter {
      prefix = "runs/"
    }
    expiration {
      days = var.report_days
    }
  }

  rule {
    id     = "failures"
    status = "Enabled"

    filter {
      prefix = "failures/"
    }
    expiration {
      days = var.report_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "logs"
    status = "Enabled"

    filter {}
    expiration {
      days = var.access_log_days
    }
    noncurrent_version_expiration {
      noncurrent_days = 1
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "query-results"
    status = "Enabled"

    filter {
      prefix = "athena/"
    }
    expiration {
      days = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
