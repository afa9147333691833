# Why: a tag can be moved after the plan was read; only a digest is the image that was
# approved, and the one that a rollback brings back.
package images_by_digest

deny contains finding if {
	some kind in ["service", "scheduled_task"]
	some name, task in input.environment[kind]
	image := object.get(task, "image", "")
	not regex.match(`^[^@]+@sha256:[0-9a-f]{64}$`, image)
	finding := {
		"msg": sprintf("%s `%s` runs `%s`, which is not fixed by its digest; write `NAME@sha256:…`", [replace(kind, "_", " "), name, image]),
		"path": sprintf("%s.%s.image", [kind, name]),
	}
}
