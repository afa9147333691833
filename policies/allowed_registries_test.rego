package allowed_registries_test

import data.allowed_registries

registries := {"allowed": ["ghcr.io/example/", "registry.example"]}

denied(service) if {
	found := allowed_registries.deny with input as {"environment": {"service": {"web": service}}}
		with data.registries as registries
	{finding.path | some finding in found} == {"service.web.image"}
}

test_named_registries_are_allowed if not denied({"image": "ghcr.io/example/web@sha256:00"})

test_others_are_denied if {
	denied({"image": "docker.io/example/web"})
	denied({"image": "nginx"})
	denied({"image": "ghcr.io/examples/web"})
	denied({})
}

test_a_prefix_ends_with_a_slash if denied({"image": "registry.example.com/web"})

test_without_the_file_nothing_is_allowed if {
	found := allowed_registries.deny with input as {"environment": {"service": {"web": {"image": "ghcr.io/example/web"}}}}
		with data.registries as {}
	count(found) == 1
}

test_scheduled_tasks_are_no_exception if {
	found := allowed_registries.deny with input as {"environment": {"scheduled_task": {"report": {"image": "nginx"}}}}
		with data.registries as registries
	{finding.path | some finding in found} == {"scheduled_task.report.image"}
}
