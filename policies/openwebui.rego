# Why: Open WebUI is made for one process first; these are the settings without which several
# tasks look well, answer health checks, and lose people's sessions, files or chats.
# Warnings only, and only for services whose image is Open WebUI.
package openwebui

# Messages that arrive at one task never reach people connected to another.
warn contains finding(name, "WEBSOCKET_MANAGER", problem) if {
	some name, service in shared
	not shares_websockets(service)
	problem := "runs more than one process without `WEBSOCKET_MANAGER = \"redis\"` and `WEBSOCKET_REDIS_URL`: live answers reach only those who happen to be on the same one"
}

# Sign-outs, rate limits and settings are kept per task otherwise.
warn contains finding(name, "REDIS_URL", problem) if {
	some name, service in shared
	not is_set(service, "REDIS_URL")
	problem := "runs more than one process without `REDIS_URL`: sessions and settings are not shared between them"
}

# Tasks already multiply; workers within them multiply connections and memory once more.
warn contains finding(name, "UVICORN_WORKERS", problem) if {
	some name in object.keys(services)
	tasks[name] > 1
	workers[name] > 1
	problem := sprintf("runs %d workers in each of up to %d tasks: each worker has its own database pool and its own copy of the models in memory; scale by tasks alone", [workers[name], tasks[name]])
}

# Each request without async code holds a thread; when all are held, health checks fail too.
warn contains finding(name, "THREAD_POOL_SIZE", problem) if {
	some name, service in services
	size := number(service, "THREAD_POOL_SIZE")
	size > 0 # 0 leaves the default of 40
	size < 40
	problem := sprintf("has a thread pool of %d, less than the default of 40: under load the whole task stands still, health checks included", [size])
}

# Each task makes its own key otherwise, and each release a new one.
warn contains finding(name, "WEBUI_SECRET_KEY", problem) if {
	some name, service in services
	not is_set(service, "WEBUI_SECRET_KEY")
	problem := "has no `WEBUI_SECRET_KEY`: every task makes its own, so that people are signed out at each release and between tasks"
}

warn contains finding(name, "WEBUI_SECRET_KEY", problem) if {
	some name, service in services
	replaces_an_old_service
	startswith(setting(service, "WEBUI_SECRET_KEY"), "${secret.")
	problem := "gets a newly generated `WEBUI_SECRET_KEY` while it takes over from an old service: everybody is signed out at the switch; refer to the old service's key as an `[external.NAME]`"
}

# The default vector database is a file that one process may open.
warn contains finding(name, "VECTOR_DB", problem) if {
	some name, service in shared
	is_file_based(service)
	problem := sprintf("runs more than one process on the vector database `%s`, which is a file: processes that write at once damage it; use `pgvector` or another server", [vector_database(service)])
}

# Two tasks that migrate an empty database at once: one of them dies. `schema_change` starts one alone.
warn contains finding(name, "ENABLE_DB_MIGRATIONS", problem) if {
	some name, service in services
	tasks[name] > 1
	lower(object.get(service, ["environment", "ENABLE_DB_MIGRATIONS"], "true")) == "true"
	object.get(input.environment, ["rollout", "schema_change"], "none") == "none"
	problem := "lets every task run the migrations at its start: started together on a new schema, tasks fail; start one task first, or set `ENABLE_DB_MIGRATIONS = \"false\"` and migrate in a task of its own"
}

# The default is a SQLite file in the task.
warn contains finding(name, "DATABASE_URL", problem) if {
	some name, service in services
	not has_database(service)
	problem := "has no `DATABASE_URL`: each task keeps chats and people in a SQLite file of its own"
}

services := {name: service |
	some name, service in input.environment.service
	contains(service.image, "open-webui")
}

finding(name, variable, problem) := {
	"msg": sprintf("service `%s` %s", [name, problem]),
	"path": sprintf("service.%s.environment.%s", [name, variable]),
}

setting(service, name) := service.environment[name]

setting(service, name) := service.secrets[name] if not service.environment[name]

is_set(service, name) if setting(service, name) != ""

number(service, name) := to_number(setting(service, name)) if regex.match(`^[0-9]{1,9}$`, setting(service, name))

# What several rules ask for is worked out once.
workers := {name: count_of_workers(service) | some name, service in services}

count_of_workers(service) := number(service, "UVICORN_WORKERS")

count_of_workers(service) := 1 if not number(service, "UVICORN_WORKERS")

tasks := {name: most | some name, service in services; most := max([object.get(service, "count", 1), object.get(service, ["scaling", "max"], 0)])}

# Whatever runs more than one process.
shared := {name: service |
	some name, service in services
	max([tasks[name], workers[name]]) > 1
}

shares_websockets(service) if {
	lower(setting(service, "WEBSOCKET_MANAGER")) == "redis"
	is_set(service, "WEBSOCKET_REDIS_URL")
}

vector_database(service) := lower(object.get(service, ["environment", "VECTOR_DB"], "chroma")) # the default

is_file_based(service) if {
	vector_database(service) == "chroma"
	not is_set(service, "CHROMA_HTTP_HOST")
}

is_file_based(service) if {
	vector_database(service) == "milvus"
	not is_set(service, "MILVUS_URI")
}

has_database(service) if is_set(service, "DATABASE_URL")

has_database(service) if is_set(service, "DATABASE_HOST")

replaces_an_old_service if {
	some external in input.environment.external
	external.kind == "ecs_service"
}
