package images_by_digest_test

import data.images_by_digest

denied(service) if {
	found := images_by_digest.deny with input as {"environment": {"service": {"web": service}}}
	{finding.path | some finding in found} == {"service.web.image"}
}

digest := "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

test_a_digest_is_allowed if {
	not denied({"image": concat("@", ["ghcr.io/example/web", digest])})
	not denied({"image": concat("@", ["registry:5000/web:1.2", digest])})
}

test_anything_else_is_denied if {
	denied({"image": "ghcr.io/example/web"})
	denied({"image": "ghcr.io/example/web:1.2"})
	denied({"image": "ghcr.io/example/web@sha256:0123"})
	denied({"image": digest})
	denied({})
}

test_scheduled_tasks_are_no_exception if {
	found := images_by_digest.deny with input as {"environment": {"scheduled_task": {"report": {"image": "report:1"}}}}
	{finding.path | some finding in found} == {"scheduled_task.report.image"}
}
