# Why: whoever can push to a registry can run code with the task's role; images come from
# registries whose owners are known.
package allowed_registries

deny contains finding if {
	some kind in ["service", "scheduled_task"]
	some name, task in input.environment[kind]
	image := object.get(task, "image", "")
	not is_allowed(image)
	finding := {
		"msg": sprintf("%s `%s` runs `%s`, which is from none of the registries in policies/data/registries.toml", [replace(kind, "_", " "), name, image]),
		"path": sprintf("%s.%s.image", [kind, name]),
	}
}

# Without the data file nothing is allowed.
is_allowed(image) if {
	some prefix in data.registries.allowed
	endswith(prefix, "/") # `ghcr.io` alone would allow `ghcr.io.example.com`
	startswith(image, prefix)
}
