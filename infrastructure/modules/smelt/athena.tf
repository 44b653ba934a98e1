resource "aws_athena_workgroup" "this" {
  # checkov:skip=CKV_AWS_159: results are encrypted, with the own key where there is one, else with S3's
  name        = local.name
  description = "Queries of ${local.name}; each is stopped at ${var.athena_scan_limit_gb} GB"

  # What it holds beside its settings is the history of queries.
  force_destroy = true

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.athena_scan_limit_gb * 1024 * 1024 * 1024

    # Only version 3 reads Delta.
    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${aws_s3_bucket.logs.bucket}/athena/"
      expected_bucket_owner = local.account

      encryption_configuration {
        encryption_option = local.own_key ? "SSE_KMS" : "SSE_S3"
        kms_key_arn       = local.kms_key_arn
      }
    }
  }
}

# Run once after a deployment: counts the rows of every mart. A table that is not there yet fails by name.
resource "aws_athena_named_query" "rows" {
  name        = "rows of marts"
  description = "Whether Athena reads what the functions wrote"
  workgroup   = aws_athena_workgroup.this.name
  database    = aws_glue_catalog_database.this.name
  query = join("\nUNION ALL ", [
    for name, table in module.definitions.tables : "SELECT '${name}' AS mart, COUNT(*) AS row_count FROM ${name}" if table.layer == "gold"
  ])
}

# What an analyst needs, to be attached to whoever is one: reads clean data, writes nothing but results.
data "aws_iam_policy_document" "analyst" {
  statement {
    sid = "Query"
    actions = [
      "athena:BatchGetNamedQuery",
      "athena:GetNamedQuery",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:GetQueryResultsStream",
      "athena:GetWorkGroup",
      "athena:ListNamedQueries",
      "athena:ListQueryExecutions",
      "athena:StartQueryExecution",
      "athena:StopQueryExecution",
    ]
    resources = [aws_athena_workgroup.this.arn]
  }

  statement {
    sid     = "Catalog"
    actions = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"]
    resources = [
      "arn:${local.partition}:glue:${local.region}:${local.account}:catalog",
      "arn:${local.partition}:glue:${local.region}:${local.account}:database/default",
      aws_glue_catalog_database.this.arn,
      "arn:${local.partition}:glue:${local.region}:${local.account}:table/${aws_glue_catalog_database.this.name}/*",
    ]
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for layer in ["silver", "quarantine", "gold", "published"] : "${aws_s3_bucket.data.arn}/${layer}/*"]
  }

  statement {
    sid       = "Results"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${aws_s3_bucket.logs.arn}/athena/*"]
  }

  statement {
    sid       = "Buckets"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [aws_s3_bucket.data.arn, aws_s3_bucket.logs.arn]
  }

  dynamic "statement" {
    for_each = local.own_key ? [1] : []

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_iam_policy" "analyst" {
  name        = "${local.name}-analyst"
  description = "Queries ${local.name} with Athena"
  policy      = data.aws_iam_policy_document.analyst.json
}
