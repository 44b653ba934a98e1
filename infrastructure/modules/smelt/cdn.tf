# CloudFront in front of the bucket: the dashboard at its root, the published marts below published/.
# Everything it hands out can be read by everybody who knows the address.

locals {
  cdn_count = var.cdn_enabled ? 1 : 0

  cdn_url       = var.cdn_enabled ? "https://${length(var.cdn_aliases) > 0 ? var.cdn_aliases[0] : aws_cloudfront_distribution.this[0].domain_name}" : ""
  dashboard_url = var.dashboard_url != "" ? var.dashboard_url : local.cdn_url

  # How long an answer is kept, in seconds. Snapshots never change under their name; what points to them
  # does, and so does the dashboard with every deployment.
  cdn_ttls = {
    short = { least = 0, usual = 60, most = 300 }
    long  = { least = 86400, usual = 2592000, most = 31536000 }
  }

  # What changes under its name in published/ is JSON, and reports, which are pages of their own.
  cdn_behaviors = [
    { path = "assets/*", origin = "dashboard", ttl = "long", headers = "dashboard" },
    { path = "published/reports/*", origin = "published", ttl = "short", headers = "reports" },
    { path = "published/*.json", origin = "published", ttl = "short", headers = "dashboard" },
    { path = "published/*", origin = "published", ttl = "long", headers = "dashboard" },
  ]

  # Where uploads go, in both ways of writing an address of the bucket.
  upload_addresses = [
    "https://${aws_s3_bucket.data.bucket}.s3.${local.region}.${local.dns_suffix}",
    "https://s3.${local.region}.${local.dns_suffix}/${aws_s3_bucket.data.bucket}/",
  ]

  content_security_policies = {
    # The page's own scripts and styles only; data from here and from the API, uploads to the bucket.
    dashboard = [
      "default-src 'self'",
      "connect-src ${join(" ", concat(["'self'"], aws_apigatewayv2_api.this[*].api_endpoint, local.api_count > 0 ? local.upload_addresses : []))}",
      "img-src 'self' data:",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]
    # One file with its styles and drawings in it, and no script.
    reports = [
      "default-src 'none'",
      "style-src 'unsafe-inline'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]
  }
}

resource "aws_cloudfront_origin_access_control" "this" {
  count = local.cdn_count

  name                              = local.name
  description                       = "Signs requests to the data bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_cache_policy" "this" {
  for_each = var.cdn_enabled ? local.cdn_ttls : {}

  name        = "${local.name}-${each.key}"
  comment     = "Keyed by the path alone"
  min_ttl     = each.value.least
  default_ttl = each.value.usual
  max_ttl     = each.value.most

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "this" {
  # checkov:skip=CKV_AWS_259: a year of TLS for this name; what else there is below a name of one's own, and whether it wants into the lists of browsers, is not decided here
  for_each = var.cdn_enabled ? local.content_security_policies : {}

  name    = "${local.name}-${each.key}"
  comment = "Security headers of the ${each.key}"

  security_headers_config {
    content_security_policy {
      content_security_policy = join("; ", each.value)
      override                = true
    }
    content_type_options {
      override = true
    }
    frame_options {
      frame_option = "DENY"
      override     = true
    }
    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = false
      override                   = true
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  # checkov:skip=CKV_AWS_86: logged by standard logging v2 below, which needs no bucket with access lists
  # checkov:skip=CKV_AWS_310: there is one bucket; a second origin would be the same one
  # checkov:skip=CKV_AWS_374: public data for readers anywhere
  # checkov:skip=CKV_AWS_68: static files from S3; rules can be given by cdn_web_acl_arn
  # checkov:skip=CKV2_AWS_47: the same; nothing behind it runs Java
  # checkov:skip=CKV2_AWS_42: a certificate of one's own comes with a name of one's own, by cdn_certificate_arn
  # checkov:skip=CKV_AWS_174: CloudFront decides it for its own certificate; TLS 1.2 with one's own
  count = local.cdn_count

  enabled             = true
  comment             = local.name
  default_root_object = "index.html"
  aliases             = var.cdn_aliases
  price_class         = var.cdn_price_class
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  web_acl_id          = var.cdn_web_acl_arn == "" ? null : var.cdn_web_acl_arn
  # It takes minutes until it answers everywhere, and nothing here waits for that.
  wait_for_deployment = false

  origin {
    origin_id                = "dashboard"
    domain_name              = aws_s3_bucket.data.bucket_regional_domain_name
    origin_path              = "/dashboard"
    origin_access_control_id = aws_cloudfront_origin_access_control.this[0].id
  }

  origin {
    origin_id                = "published"
    domain_name              = aws_s3_bucket.data.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.this[0].id
  }

  default_cache_behavior {
    target_origin_id           = "dashboard"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.this["short"].id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this["dashboard"].id
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.cdn_behaviors

    content {
      path_pattern               = ordered_cache_behavior.value.path
      target_origin_id           = ordered_cache_behavior.value.origin
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = aws_cloudfront_cache_policy.this[ordered_cache_behavior.value.ttl].id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this[ordered_cache_behavior.value.headers].id
    }
  }

  # The distribution may not list, so S3 answers 403 for what is not there. It may soon be there.
  custom_error_response {
    error_code            = 403
    error_caching_min_ttl = 10
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.cdn_certificate_arn == ""
    acm_certificate_arn            = var.cdn_certificate_arn == "" ? null : var.cdn_certificate_arn
    ssl_support_method             = var.cdn_certificate_arn == "" ? null : "sni-only"
    minimum_protocol_version       = var.cdn_certificate_arn == "" ? null : "TLSv1.2_2021"
  }

  lifecycle {
    precondition {
      condition     = length(var.cdn_aliases) == 0 || var.cdn_certificate_arn != ""
      error_message = "cdn_aliases need cdn_certificate_arn."
    }
    precondition {
      condition     = length(setsubtract(var.public_datasets, concat(["*"], module.definitions.datasets))) == 0
      error_message = "public_datasets names a dataset that is not there."
    }
  }
}

# CloudFront's logs are configured in us-east-1, wherever the bucket is.
resource "aws_cloudwatch_log_delivery_source" "cdn" {
  count = local.cdn_count

  region       = "us-east-1"
  name         = local.name
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this[0].arn
}

resource "aws_cloudwatch_log_delivery_destination" "cdn" {
  count = local.cdn_count

  region        = "us-east-1"
  name          = local.name
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = "${aws_s3_bucket.logs.arn}/cloudfront"
  }
}

resource "aws_cloudwatch_log_delivery" "cdn" {
  count = local.cdn_count

  region                   = "us-east-1"
  delivery_source_name     = aws_cloudwatch_log_delivery_source.cdn[0].name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.cdn[0].arn

  # With the policy in place AWS does not try to write it itself.
  depends_on = [aws_s3_bucket_policy.logs]
}
