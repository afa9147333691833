package durations_test

import data.durations

test_each_unit if {
	durations.in_seconds("45s") == 45
	durations.in_seconds("5m") == 300
	durations.in_seconds("2h") == 7200
	durations.in_seconds("30d") == 2592000
}

test_anything_else_is_no_time if {
	every text in ["", "s", "5", "5 m", "1h30m", "-5m", 5, null] {
		not durations.in_seconds(text)
	}
}
