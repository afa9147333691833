"""The index of tags knows every kind that a deployer makes, and what it finds by name; AWS's knows all of them."""

import autoscaling


def apply(_engine):
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import alb, cloudwatch, cloudwatch_logs, ec2, tagging

    def watching():
        for arn, tags in list(cloudwatch._resource_tags.items()):
            # Dashboards belong to no region: they are told where AWS keeps what is global.
            if ":alarm:" in arn or (":dashboard/" in arn and get_region() == "us-east-1"):
                yield arn, tagging._normalise_flat(tags)

    def targets():
        for arn, tags in list(autoscaling.account().tags.items()):
            yield arn, tagging._normalise_flat(tags)

    def balancing():
        for arn, tags in list(alb._tags.items()):
            if f":{get_region()}:" in arn:
                yield arn, tagging._normalise_list(tags)

    def logs():
        for group in list(cloudwatch_logs._log_groups.values()):
            yield group["arn"].removesuffix(":*"), tagging._normalise_flat(group.get("tags", {}))

    def networks():
        for vpc in list(ec2._vpcs):
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:vpc/{vpc}", tagging._normalise_list(ec2._tags.get(vpc))

    # To collect from a service loads it: those that no deployer needs stay away.
    needed = {name: tagging._COLLECTORS[name] for name in ("ecs", "elasticache", "elasticfilesystem", "sqs", "scheduler")}
    tagging._COLLECTORS.clear()
    tagging._COLLECTORS.update(needed, cloudwatch=watching, elasticloadbalancing=balancing, logs=logs, ec2=networks,
                               **{"application-autoscaling": targets})
