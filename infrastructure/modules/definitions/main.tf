# Reads the datasets' definitions: the same files that the functions carry. No provider is needed for it,
# so `terraform test` runs here without an account.

locals {
  definitions = {
    for path in fileset(var.datasets_dir, "*/dataset.yaml") :
    dirname(path) => yamldecode(file("${var.datasets_dir}/${path}"))
  }

  # One row per silver table and mart, whatever the dataset.
  silver = flatten([
    for dataset, definition in local.definitions : [
      for name, table in try(definition.tables, {}) : {
        dataset     = dataset
        name        = name
        description = try(table.description, "")
        stale_after = try(table.stale_after_hours, 0)
      }
    ]
  ])
  marts = flatten([
    for dataset, definition in local.definitions : [
      for name, mart in try(definition.marts, {}) : {
        dataset     = dataset
        name        = name
        description = try(mart.description, "")
      }
    ]
  ])

  # What smelt writes about the series of all marts of a dataset.
  series_tables = {
    forecast          = "what was forecast, when"
    forecast_accuracy = "how good the forecasts of each series would have been"
    anomalies         = "values that were not as expected"
    experiments       = "models that were fitted, and what became of them"
  }
  series = flatten([
    for dataset, definition in local.definitions : [
      for name, description in local.series_tables : {
        dataset     = dataset
        name        = name
        description = description
      }
    ] if anytrue([for mart in values(try(definition.marts, {})) : can(mart.series)])
  ])

  # Which rows look alike, where a model of the dataset tells.
  clusters = [
    for dataset, definition in local.definitions : {
      dataset     = dataset
      name        = "clusters"
      description = "which rows look alike, by each model that was fitted for it"
    } if anytrue([for model in values(try(definition.models, {})) : can(model.clusters)])
  ]

  tables = concat(
    [for t in local.silver : merge(t, { layer = "silver" })],
    [for t in local.silver : merge(t, { layer = "quarantine", description = "refused rows of ${t.dataset}.${t.name}" })],
    [for t in concat(local.marts, local.series, local.clusters) : merge(t, { layer = "gold", stale_after = 0 })],
  )
}
