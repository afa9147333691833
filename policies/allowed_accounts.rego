# Why: a copied file with one line not changed puts staging into production's account; the
# stage in the name says which accounts and regions are meant.
package allowed_accounts

deny contains finding if {
	some key, plural in {"account": "accounts", "region": "regions"}
	value := input.environment.aws[key]
	not is_allowed(plural, value)
	finding := {
		"msg": sprintf("the stage `%s` may not use the %s `%s`; policies/data/accounts.toml says which", [input.stage, key, value]),
		"path": sprintf("aws.%s", [key]),
	}
}

# Without the data file nothing is allowed.
is_allowed(plural, value) if value in data.accounts[input.stage][plural]
