# Why: a load balancer that faces the Internet is reachable by everybody at once; what people
# reach from outside comes in through the proxy that signs them in.
package internal_load_balancers

deny contains finding if {
	some name, balancer in input.environment.load_balancer
	scheme := object.get(balancer, "scheme", "internal") # the default
	scheme != "internal"
	finding := {
		"msg": sprintf("load balancer `%s` has the scheme `%v`; only `internal` is allowed", [name, scheme]),
		"path": sprintf("load_balancer.%s.scheme", [name]),
	}
}
