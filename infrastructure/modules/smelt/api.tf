# An HTTP API in front of the function `api`. Without an issuer anybody could ask, so that has to be said.

locals {
  signed_in = var.api_jwt_issuer != ""
  api_count = local.signed_in || var.api_enabled ? 1 : 0

  # Before a call from another origin a browser asks with OPTIONS, and without a token: ANY would refuse it.
  routes = merge(
    { "GET /" = local.signed_in, "ANY /{proxy+}" = local.signed_in },
    local.signed_in && length(var.api_cors_origins) > 0 ? { "OPTIONS /{proxy+}" = false } : {},
  )
}

resource "aws_apigatewayv2_api" "this" {
  count = local.api_count

  name          = local.name
  description   = "Tables, runs and status of ${local.name}"
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.api_cors_origins) > 0 ? [1] : []

    content {
      allow_origins = var.api_cors_origins
      allow_methods = ["GET", "POST", "OPTIONS"]
      allow_headers = ["authorization", "content-type"]
      max_age       = 3600
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
  count = local.signed_in ? 1 : 0

  name             = "tokens"
  api_id           = aws_apigatewayv2_api.this[0].id
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.api_jwt_issuer
    audience = var.api_jwt_audience
  }

  lifecycle {
    precondition {
      condition     = length(var.api_jwt_audience) > 0
      error_message = "api_jwt_audience is empty: any token of the issuer would do, whoever it was made for."
    }
  }
}

resource "aws_apigatewayv2_route" "this" {
  # checkov:skip=CKV_AWS_309: tokens are asked for if there is an issuer, but for OPTIONS; without one, api_enabled says that none shall be
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
