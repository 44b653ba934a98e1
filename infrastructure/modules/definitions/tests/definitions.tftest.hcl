variables {
  datasets_dir = "./tests/datasets"
}

run "datasets" {
  command = plan

  assert {
    condition     = output.datasets == tolist(["coffee", "tea"])
    error_message = "datasets: ${jsonencode(output.datasets)}"
  }
}

run "schedules" {
  command = plan

  assert {
    condition = { for key, source in output.sources : key => source.expression } == {
      coffee-daily     = "cron(0 3 * * ? *)"
      coffee-spaces    = "cron(5 4 * * ? *)"
      coffee-steps     = "cron(0/15 0/2 * 1/3 ? *)"
      coffee-step_days = "cron(0 0 1/2 * ? *)"
      coffee-monthly   = "cron(30 6 1,15 * ? *)"
      coffee-weekdays  = "cron(0 7 ? * MON,TUE,WED,THU,FRI *)"
      coffee-sunday_0  = "cron(0 7 ? * SUN *)"
      coffee-sunday_7  = "cron(0 7 ? * SUN *)"
      coffee-weekend   = "cron(0 7 ? * SAT,SUN *)"
      coffee-all_days  = "cron(0 7 ? * SUN,MON,TUE,WED,THU,FRI,SAT *)"
      coffee-names     = "cron(0 7 ? JAN MON-WED,sat *)"
    }
    error_message = "expressions: ${jsonencode({ for key, source in output.sources : key => source.expression })}"
  }

  assert {
    condition     = output.sources["coffee-weekdays"].time_zone == "Europe/Berlin"
    error_message = "The time zone is not that of the definition."
  }

  assert {
    condition     = { for key, source in output.reconciled : key => source.expression } == { coffee-daily = "cron(0 4 ? * SUN *)" }
    error_message = "reconciled: ${jsonencode(output.reconciled)}"
  }
}

run "tables" {
  command = plan

  assert {
    condition = keys(output.tables) == [
      "gold_coffee_per_day",
      "quarantine_coffee_beans",
      "quarantine_coffee_cups",
      "quarantine_tea_pots",
      "silver_coffee_beans",
      "silver_coffee_cups",
      "silver_tea_pots",
    ]
    error_message = "tables: ${jsonencode(keys(output.tables))}"
  }

  assert {
    condition     = output.fresh_tables == { coffee-cups = { dataset = "coffee", table = "cups", hours = 30 } }
    error_message = "fresh tables: ${jsonencode(output.fresh_tables)}"
  }
}

run "untranslatable_schedules_are_refused" {
  command = plan

  variables {
    datasets_dir = "./tests/untranslatable"
  }

  expect_failures = [output.sources]
}

run "an_empty_folder_is_refused" {
  command = plan

  variables {
    datasets_dir = "./tests/nothing"
  }

  expect_failures = [var.datasets_dir]
}
