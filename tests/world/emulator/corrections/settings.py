"""How fast the world moves."""

import os

READY_SECONDS = float(os.environ.get("WORLD_READY_SECONDS") or 0)
DRAIN_SECONDS = float(os.environ.get("WORLD_DRAIN_SECONDS") or 0.3)
# How long an unhealthy task is let be before it is replaced; the service's own grace period would make a test slow.
GRACE_SECONDS = float(os.environ.get("WORLD_GRACE_SECONDS") or 3)
# How long a deleted queue's name stays taken: 60 s in AWS.
QUEUE_NAME_SECONDS = 0.5
# A minute of a release that ECS carries out itself.
MINUTE_SECONDS = 1.0
# Time between two health checks of a target: the group's own interval would make every test slow.
HEALTH_CHECK_SECONDS = 0.1
# A target that is healthy is looked at in every so-manieth turn only: it saves the machine.
HEALTHY_CHECK_TURNS = 5
