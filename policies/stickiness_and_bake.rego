# Why: a load balancer keeps people on the old side for as long as its cookie lives; when the old
# side goes before that, they lose their sessions in the middle of their work.
package stickiness_and_bake

import data.durations

warn contains finding if {
	rollout := input.environment.rollout
	rollout.strategy == "blue_green"
	bake := object.get(rollout, "bake", "0s")
	some name, service in input.environment.service
	duration := service.expose.stickiness.duration
	durations.in_seconds(duration) > durations.in_seconds(bake)
	finding := {
		"msg": sprintf("service `%s` keeps people on one side for %s, longer than the bake of %s: some are still on the old side when it goes", [name, duration, bake]),
		"path": sprintf("service.%s.expose.stickiness.duration", [name]),
	}
}
