package literal_secrets_test

import data.literal_secrets

paths(service) := {finding.path | some finding in found} if {
	found := literal_secrets.deny with input as {"environment": {"service": {"web": service}}}
}

denied(variable, value) if {
	paths({"environment": {variable: value}}) == {sprintf("service.web.environment.%s", [variable])}
}

allowed(variable, value) if paths({"environment": {variable: value}}) == set()

test_names_of_secrets_are_denied if {
	every variable in ["WEBUI_SECRET_KEY", "OPENAI_API_KEY", "DB_PASSWORD", "password", "ACCESS_TOKEN", "SECRET", "apikey"] {
		denied(variable, "correct-horse")
	}
}

test_values_that_look_like_secrets_are_denied if {
	denied("KEY_ID", concat("", ["AKIA", "ABCDEFGHIJKLMNOP"]))
	denied("PEM", "-----BEGIN RSA PRIVATE KEY-----")
	denied("GIT", concat("_", ["ghp", "abcdefghijklmnopqrstuvwxyz0123456789"]))
	denied("CHAT", concat("-", ["xoxb", "0123456789ab"]))
	denied("MODEL", concat("-", ["sk", "abcdefghijklmnopqrstuvwx"]))
	denied("JWT", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln")
	denied("DATABASE_URL", "postgresql://web:hunter2@db.example.com/web")
	denied("CACHE", "rediss://:hunter2@cache.example.com:6379")
}

test_ordinary_values_are_allowed if {
	allowed("UVICORN_WORKERS", "2")
	allowed("ENABLE_PASSWORD", "true")
	allowed("MAX_TOKEN", "4096")
	allowed("TOKEN_ENDPOINT", "https://login.example.com/token")
	allowed("API_KEY", "")
	allowed("SESSION_TOKEN", "${secret.session.arn}")
	allowed("HOME_PAGE", "http://web.example.com:8080/a@b")
	allowed("CACHE", "redis://${cache.sessions.endpoint}:6379")
}

test_the_value_is_never_repeated if {
	found := literal_secrets.deny with input as {"environment": {"service": {"web": {
		"environment": {"DB_PASSWORD": "canary-1", "URL": "https://u:canary-2@h/"},
		"secrets": {"KEY": "canary-3"},
	}}}}
	count(found) == 3
	not contains(json.marshal(found), "canary")
}

test_secrets_refer if {
	paths({"secrets": {"A": "${external.key.arn}", "B": "arn:aws:secretsmanager:us-east-1:123456789012:secret:b"}}) == set()
	paths({"secrets": {"A": "correct-horse"}}) == {"service.web.secrets.A"}
	paths({"secrets": {"A": "x${external.key.arn}"}}) == {"service.web.secrets.A"}
}

test_scheduled_tasks_are_no_exception if {
	task := {"environment": {"DB_PASSWORD": "correct-horse"}, "secrets": {"A": "correct-horse"}}
	found := literal_secrets.deny with input as {"environment": {"scheduled_task": {"report": task}}}
	{finding.path | some finding in found} == {
		"scheduled_task.report.environment.DB_PASSWORD",
		"scheduled_task.report.secrets.A",
	}
}
