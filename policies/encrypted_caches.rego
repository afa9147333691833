# Why: sessions and tokens lie in caches; encryption at rest cannot be switched on later
# without a new cache, so it has to be there from the first day.
package encrypted_caches

deny contains finding if {
	some name, cache in input.environment.cache
	some where, words in {"at_rest": "at rest", "in_transit": "in transit"}
	object.get(cache, ["encryption", where], true) != true # on by default
	finding := {
		"msg": sprintf("cache `%s` is not encrypted %s", [name, words]),
		"path": sprintf("cache.%s.encryption.%s", [name, where]),
	}
}
