# Why: a tag can be moved after the plan was read; only a digest is the image that was
# approved, and the one that a rollback brings back.
package images_by_digest

deny contains finding if {
	some name, service in input.environment.service
	image := object.get(service, "image", "")
	not regex.match(`^[^@]+@sha256:[0-9a-f]{64}$`, image)
	finding := {
		"msg": sprintf("service `%s` runs `%s`, which is not fixed by its digest; write `NAME@sha256:…`", [name, image]),
		"path": sprintf("service.%s.image", [name]),
	}
}
