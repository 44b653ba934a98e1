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

  tables = concat(
    [for t in local.silver : merge(t, { layer = "silver" })],
    [for t in local.silver : merge(t, { layer = "quarantine", description = "refused rows of ${t.dataset}.${t.name}" })],
    [for t in local.marts : merge(t, { layer = "gold", stale_after = 0 })],
  )
}
