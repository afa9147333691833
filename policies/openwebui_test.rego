package openwebui_test

import data.openwebui

image := "ghcr.io/open-webui/open-webui:0.12"

variables(service, external) := {variable | some variable in all_variables(service, external)}

all_variables(service, external) := [regex.replace(finding.path, `^service\.web\.environment\.`, "") | some finding in found] if {
	found := openwebui.warn with input as {"environment": {
		"service": {"web": object.union({"image": image}, service)},
		"external": external,
	}}
}

whole := {
	"count": 3,
	"environment": {
		"WEBSOCKET_MANAGER": "redis",
		"VECTOR_DB": "pgvector",
		"ENABLE_DB_MIGRATIONS": "false",
	},
	"secrets": {
		"WEBSOCKET_REDIS_URL": "${cache.sessions.url_secret}",
		"REDIS_URL": "${cache.sessions.url_secret}",
		"WEBUI_SECRET_KEY": "${external.webui-key.arn}",
		"DATABASE_URL": "${external.database.secret}",
	},
}

without(table, name) := json.remove(whole, [sprintf("%s/%s", [table, name])])

having(name, value) := object.union(whole, {"environment": {name: value}})

test_one_task_starts_first_where_releases_change_the_database if {
	found := openwebui.warn with input as {"environment": {
		"rollout": {"schema_change": "additive"},
		"service": {"web": object.union({"image": image}, without("environment", "ENABLE_DB_MIGRATIONS"))},
	}}
	found == set()
}

test_a_whole_setup_has_no_warning if variables(whole, {}) == set()

test_each_missing_setting_is_warned_about if {
	variables(without("environment", "WEBSOCKET_MANAGER"), {}) == {"WEBSOCKET_MANAGER"}
	variables(without("secrets", "WEBSOCKET_REDIS_URL"), {}) == {"WEBSOCKET_MANAGER"}
	variables(without("secrets", "REDIS_URL"), {}) == {"REDIS_URL"}
	variables(without("secrets", "WEBUI_SECRET_KEY"), {}) == {"WEBUI_SECRET_KEY"}
	variables(without("secrets", "DATABASE_URL"), {}) == {"DATABASE_URL"}
	variables(without("environment", "VECTOR_DB"), {}) == {"VECTOR_DB"}
	variables(without("environment", "ENABLE_DB_MIGRATIONS"), {}) == {"ENABLE_DB_MIGRATIONS"}
}

test_wrong_values_are_warned_about if {
	variables(having("UVICORN_WORKERS", "2"), {}) == {"UVICORN_WORKERS"}
	variables(having("THREAD_POOL_SIZE", "20"), {}) == {"THREAD_POOL_SIZE"}
	variables(having("WEBSOCKET_MANAGER", ""), {}) == {"WEBSOCKET_MANAGER"}
	variables(having("VECTOR_DB", "milvus"), {}) == {"VECTOR_DB"}
}

test_right_values_are_not if {
	variables(having("UVICORN_WORKERS", "1"), {}) == set()
	variables(having("UVICORN_WORKERS", "many"), {}) == set()
	variables(having("THREAD_POOL_SIZE", "0"), {}) == set()
	variables(having("THREAD_POOL_SIZE", "40"), {}) == set()
	variables(object.union(having("VECTOR_DB", "chroma"), {"environment": {"CHROMA_HTTP_HOST": "chroma.local"}}), {}) == set()
	variables(object.union(having("VECTOR_DB", "milvus"), {"environment": {"MILVUS_URI": "http://milvus.local"}}), {}) == set()
	variables(object.union(without("secrets", "DATABASE_URL"), {"environment": {"DATABASE_HOST": "db.local"}}), {}) == set()
}

test_scaling_counts_as_several_tasks if {
	variables({"count": 1, "scaling": {"min": 1, "max": 4}, "secrets": whole.secrets}, {}) == {"WEBSOCKET_MANAGER", "VECTOR_DB", "ENABLE_DB_MIGRATIONS"}
}

test_one_task_needs_a_key_and_a_database if {
	variables({"count": 1}, {}) == {"WEBUI_SECRET_KEY", "DATABASE_URL"}
}

test_a_new_key_signs_people_out_at_the_switch if {
	fresh := object.union(whole, {"secrets": {"WEBUI_SECRET_KEY": "${secret.webui-key.arn}"}})
	variables(fresh, {"legacy": {"kind": "ecs_service"}}) == {"WEBUI_SECRET_KEY"}
	variables(fresh, {"database": {"kind": "aurora"}}) == set()
}

test_other_applications_are_left_alone if {
	found := openwebui.warn with input as {"environment": {"service": {"web": {"image": "nginx", "count": 3}}}}
	count(found) == 0
}
