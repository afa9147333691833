# Why: whoever can push to a registry can run code with the task's role; images come from
# registries whose owners are known.
package allowed_registries

deny contains finding if {
	some name, service in input.environment.service
	image := object.get(service, "image", "")
	not is_allowed(image)
	finding := {
		"msg": sprintf("service `%s` runs `%s`, which is from none of the registries in policies/data/registries.toml", [name, image]),
		"path": sprintf("service.%s.image", [name]),
	}
}

# Without the data file nothing is allowed.
is_allowed(image) if {
	some prefix in data.registries.allowed
	endswith(prefix, "/") # `ghcr.io` alone would allow `ghcr.io.example.com`
	startswith(image, prefix)
}
