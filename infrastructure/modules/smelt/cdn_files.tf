# What the distribution hands out at its root: the dashboard as `npm run build` leaves it, and where its API is.

locals {
  # Where the API is, only this deployment knows.
  dashboard_files  = var.cdn_enabled && var.dashboard_dir != "" ? setsubtract(fileset(var.dashboard_dir, "**"), ["config.json"]) : toset([])
  dashboard_assets = toset([for file in local.dashboard_files : file if startswith(file, "assets/")])

  content_types = {
    css         = "text/css; charset=utf-8"
    html        = "text/html; charset=utf-8"
    ico         = "image/x-icon"
    js          = "text/javascript; charset=utf-8"
    json        = "application/json"
    png         = "image/png"
    svg         = "image/svg+xml"
    txt         = "text/plain; charset=utf-8"
    wasm        = "application/wasm"
    webmanifest = "application/manifest+json"
    woff2       = "font/woff2"
  }
}

# The build puts a hash of the content into the name.
resource "aws_s3_object" "dashboard_assets" {
  for_each = local.dashboard_assets

  bucket        = aws_s3_bucket.data.bucket
  key           = "dashboard/${each.key}"
  source        = "${var.dashboard_dir}/${each.key}"
  source_hash   = filemd5("${var.dashboard_dir}/${each.key}")
  content_type  = lookup(local.content_types, reverse(split(".", each.key))[0], "application/octet-stream")
  cache_control = "public, max-age=31536000, immutable"
}

resource "aws_s3_object" "dashboard" {
  for_each = setsubtract(local.dashboard_files, local.dashboard_assets)

  bucket        = aws_s3_bucket.data.bucket
  key           = "dashboard/${each.key}"
  source        = "${var.dashboard_dir}/${each.key}"
  source_hash   = filemd5("${var.dashboard_dir}/${each.key}")
  content_type  = lookup(local.content_types, reverse(split(".", each.key))[0], "application/octet-stream")
  cache_control = "public, max-age=60"

  # A page that is there names assets that are there.
  depends_on = [aws_s3_object.dashboard_assets]
}

resource "aws_s3_object" "dashboard_config" {
  count = local.cdn_count

  bucket        = aws_s3_bucket.data.bucket
  key           = "dashboard/config.json"
  content_type  = local.content_types.json
  cache_control = "public, max-age=60"

  content = jsonencode(merge(
    { for endpoint in aws_apigatewayv2_api.this[*].api_endpoint : "api" => endpoint },
    var.api_jwt_issuer == "" ? {} : { token_hint = "a token of ${var.api_jwt_issuer}" },
  ))

  lifecycle {
    # A folder that is not there has no files: those of the last deployment would be deleted.
    precondition {
      condition     = var.dashboard_dir == "" || contains(local.dashboard_files, "index.html")
      error_message = "There is no index.html in dashboard_dir (${var.dashboard_dir}): build the dashboard first (make dashboard)."
    }
  }
}
