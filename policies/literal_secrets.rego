# Why: a secret in a file is a secret in every clone, every log of the build and every task
# definition, for ever; in Secrets Manager it can be read by few and changed by one.
# The messages never repeat a value, and `secret` keeps it out of the line that is shown with them.
package literal_secrets

deny contains finding if {
	some kind in ["service", "scheduled_task"]
	some name, task in input.environment[kind]
	some variable, value in task.environment
	reason := looks_secret(variable, sprintf("%v", [value]))
	finding := {
		"msg": sprintf("`%s` of %s `%s` %s; put it into Secrets Manager and refer to it under `secrets`", [variable, replace(kind, "_", " "), name, reason]),
		"path": sprintf("%s.%s.environment.%s", [kind, name, variable]),
		"secret": true,
	}
}

deny contains finding if {
	some kind in ["service", "scheduled_task"]
	some name, task in input.environment[kind]
	some variable, value in task.secrets
	not is_reference(sprintf("%v", [value]))
	finding := {
		"msg": sprintf("`%s` of %s `%s` stands under `secrets` but does not refer to a secret; write `${secret.NAME.arn}`, `${external.NAME.arn}` or the ARN", [variable, replace(kind, "_", " "), name]),
		"path": sprintf("%s.%s.secrets.%s", [kind, name, variable]),
		"secret": true,
	}
}

is_reference(value) if regex.match(`^\$\{[^{}]+\}$`, value)

is_reference(value) if regex.match(`^arn:aws[a-z-]*:(secretsmanager|ssm):`, value)

# The shape of the value tells first, then the name.
looks_secret(variable, value) := reason if {
	# Nearly no value has any of the shapes: that is one question.
	regex.match(any_pattern, value)
	shapes := [what | some what, pattern in patterns; regex.match(pattern, value)]
	count(shapes) > 0
	reason := sprintf("holds what looks like %s", [shapes[0]])
} else := "has the name of a secret and a literal value" if {
	regex.match(`(?i)(^|_)(secret|password|passwd|pwd|token|credentials?|(secret|api|access|private|signing|encryption|master|license|account)_?key)$`, variable)
	not is_harmless(value)
}

# Switches, numbers, nothing, and references are no secrets.
is_harmless(value) if regex.match(`(?i)^(|true|false|yes|no|on|off|none|null|[0-9]{1,9}|\$\{[^{}]+\})$`, value)

any_pattern := concat("|", [pattern | some pattern in patterns])

patterns := {
	"an AWS access key": `(^|[^A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}($|[^A-Z0-9])`,
	"a private key": `-----BEGIN [A-Z ]*PRIVATE KEY`,
	"a GitHub token": `(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})`,
	"a Slack token": `xox[abeoprs]-[A-Za-z0-9-]{10}`,
	"an API key": `(^|[^A-Za-z0-9])sk-[A-Za-z0-9_-]{20}`,
	"a signed token": `eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.`,
	"a URL with a password": `[a-z][a-z0-9+.-]*://[^/@:\s]*:[^/@\s$]+@`,
}
