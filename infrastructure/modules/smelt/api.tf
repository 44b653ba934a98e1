# An HTTP API in front of the function `api`, which knows its callers by itself. Where they can have nothing but tokens,
# signed with keys that their issuer publishes, the gateway checks these as well: strangers then cost nothing.
#
# A request and its answer may have 10 MB (6 MB through the function); files go to the bucket by presigned addresses.

locals {
  api_count = var.api_access == "open" || var.api_jwt_issuer != "" || var.api_keys_enabled ? 1 : 0

  # With an own address of keys the issuer may have no discovery, and the gateway refuses it.
  gateway_checks = var.api_jwt_issuer != "" && !var.api_keys_enabled && !var.api_jwt_shared_secret && var.api_jwks_url == ""

  # Whether the gateway asks for a token. Nobody has one who looks whether it lives or how it is used. And before
  # a call from another origin a browser asks with OPTIONS, and without a token: ANY would refuse it.
  routes = merge(
    { "GET /" = local.gateway_checks, "ANY /{proxy+}" = local.gateway_checks },
    !local.gateway_checks ? {} : {
      for route in ["GET /health", "GET /health/ready", "GET /openapi.json", "GET /docs", "GET /docs/{proxy+}", "OPTIONS /{proxy+}"] : route => false
    },
  )

  # Pages that may call. The address of the distribution is known only when the API is there, so the gateway
  # knows its own names at most; without any origin it leaves the answer to the function, which knows all.
  gateway_origins = distinct(concat(var.api_cors_origins, [for name in var.cdn_aliases : "https://${name}" if var.cdn_enabled]))
  page_origins    = contains(var.api_cors_origins, "*") ? ["*"] : distinct(compact(concat(local.gateway_origins, [local.cdn_url])))
}

resource "aws_apigatewayv2_api" "this" {
  count = local.api_count

  name          = local.name
  description   = "Tables, runs, uploads and corrections of ${local.name}"
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(local.gateway_origins) > 0 ? [1] : []

    content {
      allow_origins  = contains(var.api_cors_origins, "*") ? ["*"] : local.gateway_origins
      allow_methods  = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
      allow_headers  = ["accept", "authorization", "content-type", "if-none-match", "last-event-id", "x-api-key", "x-request-id"]
      expose_headers = ["content-disposition", "etag", "link", "location", "retry-after", "www-authenticate", "x-request-id"]
      max_age        = 3600
    }
  }

  lifecycle {
    precondition {
      condition     = var.api_access != "open" || (var.api_jwt_issuer == "" && !var.api_keys_enabled)
      error_message = "api_access is open: everybody may do everything, so api_jwt_issuer and api_keys_enabled would mean nothing. Leave out either."
    }
    precondition {
      condition     = var.api_jwt_issuer == "" || length(var.api_jwt_audience) > 0
      error_message = "api_jwt_audience is empty: any token of the issuer would do, whoever it was made for."
    }
    precondition {
      condition     = !var.api_jwt_shared_secret || (var.api_jwt_issuer != "" && var.api_jwks_url == "")
      error_message = "api_jwt_shared_secret needs api_jwt_issuer, and no api_jwks_url: tokens are signed with the secret or with published keys."
    }
    precondition {
      condition     = length(var.api_jwt_scopes) == 0 || local.gateway_checks
      error_message = "api_jwt_scopes are asked for by the gateway alone, which checks no tokens with these settings. Use api_roles_claim and api_roles_prefix."
    }
  }
}

resource "aws_apigatewayv2_integration" "this" {
  count = local.api_count

  api_id                 = aws_apigatewayv2_api.this[0].id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = aws_lambda_alias.live["api"].invoke_arn
  payload_format_version = "2.0"
  # The most that an HTTP API waits.
  timeout_milliseconds = 30000
}

resource "aws_apigatewayv2_authorizer" "this" {
  count = local.gateway_checks ? 1 : 0

  name             = "tokens"
  api_id           = aws_apigatewayv2_api.this[0].id
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.api_jwt_issuer
    audience = var.api_jwt_audience
  }
}

resource "aws_apigatewayv2_route" "this" {
  # checkov:skip=CKV_AWS_309: the function knows its callers by itself, and the gateway no API keys; api_access says if nobody is to be known
  for_each = local.api_count > 0 ? local.routes : {}

  api_id    = aws_apigatewayv2_api.this[0].id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.this[0].id}"

  authorization_type   = each.value ? "JWT" : "NONE"
  authorizer_id        = each.value ? aws_apigatewayv2_authorizer.this[0].id : null
  authorization_scopes = each.value ? var.api_jwt_scopes : null
}

resource "aws_cloudwatch_log_group" "api" {
  # checkov:skip=CKV_AWS_338: how long logs are kept is the environment's choice
  # checkov:skip=CKV_AWS_158: it gets the own key where there is one
  count = local.api_count

  # Groups of this name do not use up the account's resource policy for logs.
  name              = "/aws/vendedlogs/${local.name}-api"
  retention_in_days = var.log_days
  kms_key_id        = local.kms_key_arn
}

resource "aws_apigatewayv2_stage" "this" {
  count = local.api_count

  api_id      = aws_apigatewayv2_api.this[0].id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.api_rate
    throttling_burst_limit   = var.api_burst
    detailed_metrics_enabled = false
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api[0].arn
    format = jsonencode({
      time        = "$context.requestTime"
      request_id  = "$context.requestId"
      source_ip   = "$context.identity.sourceIp"
      method      = "$context.httpMethod"
      path        = "$context.path"
      status      = "$context.status"
      bytes       = "$context.responseLength"
      latency_ms  = "$context.responseLatency"
      integration = "$context.integrationErrorMessage"
      authorizer  = "$context.authorizer.error"
    })
  }

  # Deployed by itself whenever a route changes.
  depends_on = [aws_apigatewayv2_route.this]
}

resource "aws_lambda_permission" "api" {
  count = local.api_count

  statement_id  = "http-api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["api"].function_name
  qualifier     = aws_lambda_alias.live["api"].name
  principal     = "apigateway.amazonaws.com"
  # Any route of any stage of this API.
  source_arn = "${aws_apigatewayv2_api.this[0].execution_arn}/*/*"
}
