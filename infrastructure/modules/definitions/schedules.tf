# A definition has a cron of five fields, as everywhere: minute, hour, day of month, month, day of week.
# EventBridge Scheduler wants six, with a year; one of the two days has to be `?`; its weekdays count
# from 1 = Sunday. Weekdays are written as names, so that nobody has to count.

locals {
  # 0 and 7 are both Sunday in a cron.
  weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

  # When a source is pulled (`schedule`), and when it is asked what it has deleted (`reconcile`).
  scheduled = flatten([
    for dataset, definition in local.definitions : [
      for name, source in try(definition.sources, {}) : [
        for purpose in ["schedule", "reconcile"] : {
          key       = "${purpose}-${dataset}-${name}"
          purpose   = purpose
          dataset   = dataset
          source    = name
          cron      = source[purpose].cron
          fields    = [for i in range(5) : try(regexall("\\S+", source[purpose].cron)[i], "")]
          time_zone = source[purpose].time_zone
        } if can(source[purpose].cron)
      ]
    ]
  ])

  # Days of the week, with numbers as names and ranges of numbers as lists: 1-5 is MON,TUE,WED,THU,FRI.
  weekday_fields = {
    for s in local.scheduled : s.key => join(",", distinct(flatten([
      for part in split(",", s.fields[4]) : (
        can(regex("^[0-7]-[0-7]$", part))
        ? [for day in range(tonumber(substr(part, 0, 1)), tonumber(substr(part, 2, 1)) + 1) : local.weekdays[day]]
        : [can(regex("^[0-7]$", part)) ? local.weekdays[tonumber(part)] : part]
      )
    ])))
  }

  # `*/5` starts at the field's first value, and says so here: 0 for times of day, 1 for days and months.
  expressions = {
    for s in local.scheduled : s.key => format(
      "cron(%s %s %s %s %s *)",
      replace(s.fields[0], "*/", "0/"),
      replace(s.fields[1], "*/", "0/"),
      s.fields[4] == "*" ? replace(s.fields[2], "*/", "1/") : "?",
      replace(s.fields[3], "*/", "1/"),
      s.fields[4] == "*" ? "?" : local.weekday_fields[s.key],
    )
  }

  # What cannot be said there has to be found here: AWS would refuse it, or run at another time. `smelt check` refuses
  # the same (shared/domain/src/schedule.rs), and more: values that no field has.
  # - a day of the month and a day of the week: in a cron either of them, there only one of them
  # - steps within a range or from a value (10-40/5, 3/7), and steps of weekdays
  # - ranges from a number to a name (1-MAR)
  # - weekdays that run backwards (5-1, FRI-MON), or names as a cron does not have them
  untranslatable = [
    for s in local.scheduled : "${s.dataset}.${s.source}: ${s.cron}" if !alltrue([
      length(regexall("\\S+", s.cron)) == 5,
      alltrue([for field in slice(s.fields, 0, 4) : can(regex("^(\\*(/[1-9][0-9]*)?|${local.item}(,${local.item})*)$", field))]),
      can(regex("^(\\*|([0-7](-[0-7])?|${local.day}(-${local.day})?)(,([0-7](-[0-7])?|${local.day}(-${local.day})?))*)$", s.fields[4])),
      alltrue([for range in regexall("[0-7]-[0-7]", s.fields[4]) : tonumber(substr(range, 0, 1)) <= tonumber(substr(range, 2, 1))]),
      alltrue([
        for range in regexall("[A-Z]{3}-[A-Z]{3}", upper(s.fields[4])) :
        try(index(local.weekdays, substr(range, 0, 3)) <= index(local.weekdays, substr(range, 4, 3)), false)
      ]),
      s.fields[2] == "*" || s.fields[4] == "*",
    ])
  ]
  day  = "(?i:SUN|MON|TUE|WED|THU|FRI|SAT)"
  item = "([0-9]+(-[0-9]+)?|[A-Za-z]+(-[A-Za-z]+)?)"
}
