# Silver, quarantine and gold in Glue, for Athena and Spark. Columns, partitions and files are in each table's
# own Delta log, where Athena reads them: a list of columns here would only be a second one that may be wrong.

resource "aws_glue_catalog_database" "this" {
  name        = "${replace(var.project, "-", "_")}_${var.environment}"
  description = "Tables of ${local.name}"
}

resource "aws_glue_catalog_table" "this" {
  for_each = module.definitions.tables

  database_name = aws_glue_catalog_database.this.name
  name          = each.key
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL       = "TRUE"
    classification = "delta"
    # How Athena knows a Delta table, and how Spark does.
    table_type                   = "DELTA"
    "spark.sql.sources.provider" = "delta"
  }

  storage_descriptor {
    location = "s3://${aws_s3_bucket.data.bucket}/${each.value.layer}/${each.value.dataset}/${each.value.name}/"

    # Not what the files are: what Glue writes for Delta tables. Who does not know Delta shall fail, not read
    # files that no version names.
    input_format  = "org.apache.hadoop.mapred.SequenceFileInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
      parameters = {
        "serialization.format" = "1"
        path                   = "s3://${aws_s3_bucket.data.bucket}/${each.value.layer}/${each.value.dataset}/${each.value.name}/"
      }
    }
  }
}
