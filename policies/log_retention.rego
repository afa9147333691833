# Why: logs that are gone explain no incident, and logs that are kept for ever cost for ever
# and hold people's data for ever.
package log_retention

import data.durations

shortest_days := 14 if is_production

shortest_days := 1 if not is_production

longest_days := 400

is_production if startswith(input.stage, "prod")

deny contains finding if {
	some kind in ["service", "scheduled_task"]
	some name, task in input.environment[kind]
	retention := object.get(task, "log_retention", "30d") # the default
	problem := wrong(retention)
	finding := {
		"msg": sprintf("%s `%s` keeps its logs for `%v`, %s", [replace(kind, "_", " "), name, retention, problem]),
		"path": sprintf("%s.%s.log_retention", [kind, name]),
	}
}

wrong(retention) := sprintf("less than %d days", [shortest_days]) if days(retention) < shortest_days

wrong(retention) := sprintf("more than %d days", [longest_days]) if days(retention) > longest_days

wrong(retention) := "which is not a length of time" if not days(retention)

days(retention) := durations.in_seconds(retention) / 86400
