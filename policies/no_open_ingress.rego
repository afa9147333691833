# Why: a security group that lets everybody in protects nothing; a few very large networks
# together are everybody too.
package no_open_ingress

deny contains finding if {
	some name, balancer in input.environment.load_balancer
	some index, network in balancer.allow_from
	too_wide(network)
	finding := {
		"msg": sprintf("load balancer `%s` lets in `%s`; name the networks that need it", [name, network]),
		"path": sprintf("load_balancer.%s.allow_from.%d", [name, index]),
	}
}

# 10.0.0.0/8 is the widest private IPv4 network.
too_wide(network) if {
	not contains(network, ":")
	prefix_length(network) < 8
}

# No single owner has more of public IPv6 than a /16; fc00::/7 is private.
too_wide(network) if {
	contains(network, ":")
	prefix_length(network) < 16
	not private_ipv6(network)
}

private_ipv6(network) if {
	regex.match(`^(?i)f[cd][0-9a-f]{2}:`, network)
	prefix_length(network) >= 7
}

# A network without a length is not understood, so it is not allowed.
prefix_length(network) := to_number(split(network, "/")[1]) if contains(network, "/")

prefix_length(network) := 0 if not contains(network, "/")
