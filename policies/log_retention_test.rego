package log_retention_test

import data.log_retention

allowed(stage, service) if {
	found := log_retention.deny with input as {"stage": stage, "environment": {"service": {"web": service}}}
	count(found) == 0
}

test_absent_means_thirty_days if allowed("production", {})

test_within_bounds_is_allowed if {
	allowed("production", {"log_retention": "14d"})
	allowed("production", {"log_retention": "720h"})
	allowed("production", {"log_retention": "400d"})
	allowed("staging", {"log_retention": "1d"})
}

test_out_of_bounds_is_denied if {
	not allowed("production", {"log_retention": "7d"})
	not allowed("production", {"log_retention": "401d"})
	not allowed("staging", {"log_retention": "23h"})
	not allowed("staging", {"log_retention": "0d"})
	not allowed("staging", {"log_retention": "for ever"})
	not allowed("staging", {"log_retention": 30})
}

test_scheduled_tasks_are_no_exception if {
	found := log_retention.deny with input as {
		"stage": "production",
		"environment": {"scheduled_task": {"report": {"log_retention": "1d"}}},
	}
	{finding.path | some finding in found} == {"scheduled_task.report.log_retention"}
}
