# Why: a zone fails as a whole; tasks, load balancer and cache that stand in one are down with it.
package production_zones

# Subnets that are selected by tags are counted by the preflight, which sees their zones.
deny contains finding if {
	startswith(input.stage, "prod")
	subnets := input.environment.network.private_subnets
	is_array(subnets)
	count({subnet | some subnet in subnets}) < 2
	finding := {
		"msg": sprintf("production has %d private subnet(s), and so one availability zone; name subnets in at least two", [count(subnets)]),
		"path": "network.private_subnets",
	}
}
