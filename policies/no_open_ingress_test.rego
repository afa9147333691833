package no_open_ingress_test

import data.no_open_ingress

denied(network) if {
	found := no_open_ingress.deny with input as {"environment": {"load_balancer": {"web": {"allow_from": ["10.0.0.0/8", network]}}}}
	{finding.path | some finding in found} == {"load_balancer.web.allow_from.1"}
}

test_everybody_is_denied if {
	every network in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3", "anywhere"] {
		denied(network)
	}
}

test_named_networks_are_allowed if {
	every network in ["10.0.0.0/8", "172.16.0.0/12", "192.0.2.7/32", "fd00::/8", "fc00::/7", "2001:db8::/32"] {
		not denied(network)
	}
}
