# Why: `30m` and `1800s` are the same time; rules that compare times agree on how to read them.
package durations

# A length of time as environments write it, in seconds; undefined for anything else.
in_seconds(text) := to_number(substring(text, 0, count(text) - 1)) * seconds[unit] if {
	is_string(text)
	regex.match(`^[0-9]{1,9}[smhd]$`, text)
	unit := substring(text, count(text) - 1, 1)
}

seconds := {"s": 1, "m": 60, "h": 3600, "d": 86400}
