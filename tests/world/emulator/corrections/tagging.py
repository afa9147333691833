"""The index of tags knows alarms and scalable targets; dashboards, which few services know, it does not."""

import autoscaling


def apply(_engine):
    from ministack.services import cloudwatch, tagging

    def alarms():
        for arn, tags in list(cloudwatch._resource_tags.items()):
            if ":alarm:" in arn:
                yield arn, tagging._normalise_flat(tags)

    def targets():
        for arn, tags in list(autoscaling.account().tags.items()):
            yield arn, tagging._normalise_flat(tags)

    # To collect from a service loads it: those that no deployer needs stay away.
    needed = {name: tagging._COLLECTORS[name] for name in ("ecs", "elasticache", "elasticfilesystem", "sqs", "scheduler")}
    tagging._COLLECTORS.clear()
    tagging._COLLECTORS.update(needed, cloudwatch=alarms, **{"application-autoscaling": targets})
