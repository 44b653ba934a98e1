output "datasets" {
  description = "Names of the datasets."
  value       = sort(keys(local.definitions))

  precondition {
    condition     = alltrue([for folder, definition in local.definitions : folder == try(definition.dataset, "")])
    error_message = "A dataset's folder has another name than `dataset` in its dataset.yaml."
  }
}

output "sources" {
  description = "Sources with a schedule: dataset, source, expression for EventBridge Scheduler, time zone."
  value = {
    for s in local.scheduled : "${s.dataset}-${s.source}" => {
      dataset    = s.dataset
      source     = s.source
      expression = local.expressions[s.key]
      time_zone  = s.time_zone
    } if s.purpose == "schedule"
  }

  precondition {
    condition     = length(local.untranslatable) == 0
    error_message = "EventBridge Scheduler has no words for: ${join("; ", local.untranslatable)}. Write one of day of month and day of week as *, and lists instead of steps in ranges."
  }
}

output "reconciled" {
  description = "Sources that are asked what they have deleted: dataset, source, expression, time zone."
  value = {
    for s in local.scheduled : "${s.dataset}-${s.source}" => {
      dataset    = s.dataset
      source     = s.source
      expression = local.expressions[s.key]
      time_zone  = s.time_zone
    } if s.purpose == "reconcile"
  }
}

output "tables" {
  description = "Delta tables of the layers silver, quarantine and gold, by the name that they get in the catalog."
  value = {
    for t in local.tables : "${t.layer}_${t.dataset}_${t.name}" => {
      layer       = t.layer
      dataset     = t.dataset
      name        = t.name
      description = t.description
    }
  }
}

output "fresh_tables" {
  description = "Silver tables whose newest data may be only so many hours old."
  value = {
    for t in local.silver : "${t.dataset}-${t.name}" => {
      dataset = t.dataset
      table   = t.name
      hours   = t.stale_after
    } if t.stale_after > 0
  }
}
