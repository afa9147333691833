"""Elastic Load Balancing: weighted forwarding, and what rules and listeners refuse."""

import random

from ministack.services import alb


def apply(_engine):
    parse, render = alb._parse_actions, alb._action_xml

    def parse_actions(params, prefix="DefaultActions"):
        actions = parse(params, prefix)
        for index, action in enumerate(actions, 1):
            if action["Type"] == "forward":
                read_forward(params, f"{prefix}.member.{index}", action)
        return actions

    def action_xml(action):
        rendered = render(action)
        if "ForwardConfig" not in action:
            return rendered
        return rendered.removesuffix("</member>") + forward_xml(action["ForwardConfig"]) + "</member>"

    alb._parse_actions, alb._action_xml = parse_actions, action_xml

    execute = alb._execute_action

    async def execute_action(action, *arguments, **options):
        groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
        weighted = [group for group in groups if group["Weight"] > 0]
        if action["Type"] == "forward" and weighted:
            chosen = random.choices(weighted, [group["Weight"] for group in weighted])[0]
            action = {**action, "TargetGroupArn": chosen["TargetGroupArn"]}
        return await execute(action, *arguments, **options)

    alb._execute_action = execute_action

    actions = alb._ACTION_MAP
    for name, prefix in (("CreateListener", "DefaultActions"), ("ModifyListener", "DefaultActions"),
                         ("CreateRule", "Actions"), ("ModifyRule", "Actions")):
        actions[name] = with_known_groups(actions[name], prefix)
    actions["CreateRule"] = with_free_priority(actions["CreateRule"])
    actions["SetRulePriorities"] = set_rule_priorities(actions["SetRulePriorities"])
    actions["DescribeRules"] = describe_rules
    actions["DeleteRule"] = delete_rule(actions["DeleteRule"])
    actions["DeleteTargetGroup"] = delete_target_group(actions["DeleteTargetGroup"])


def read_forward(params, base, action):
    """AWS answers a forward with ForwardConfig always, and with TargetGroupArn when there is one group."""
    config, index = {"TargetGroups": []}, 1
    while arn := alb._p(params, f"{base}.ForwardConfig.TargetGroups.member.{index}.TargetGroupArn"):
        weight = alb._p(params, f"{base}.ForwardConfig.TargetGroups.member.{index}.Weight", "1")
        config["TargetGroups"].append({"TargetGroupArn": arn, "Weight": int(weight)})
        index += 1
    if not config["TargetGroups"] and action.get("TargetGroupArn"):
        config["TargetGroups"] = [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}]
    sticky = f"{base}.ForwardConfig.TargetGroupStickinessConfig"
    config["Enabled"] = alb._p(params, f"{sticky}.Enabled", "false").lower() == "true"
    config["DurationSeconds"] = alb._p(params, f"{sticky}.DurationSeconds")
    if len(config["TargetGroups"]) == 1:
        action["TargetGroupArn"] = config["TargetGroups"][0]["TargetGroupArn"]
    action["ForwardConfig"] = config


def forward_xml(config):
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
        for group in config["TargetGroups"])
    duration = config["DurationSeconds"]
    duration = f"<DurationSeconds>{duration}</DurationSeconds>" if duration else ""
    enabled = str(config["Enabled"]).lower()
    return (f"<ForwardConfig><TargetGroups>{groups}</TargetGroups><TargetGroupStickinessConfig>"
            f"<Enabled>{enabled}</Enabled>{duration}</TargetGroupStickinessConfig></ForwardConfig>")


def groups_of(actions):
    """The ARNs of the target groups that these actions forward to."""
    return {group["TargetGroupArn"]
            for action in actions for group in action.get("ForwardConfig", {}).get("TargetGroups", [])}


def users_of(group_arn):
    """The ARNs of the load balancers whose rules forward to the group."""
    return {alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"] for rule in alb._rules.values()
            if rule["ListenerArn"] in alb._listeners and group_arn in groups_of(rule["Actions"])}


def with_known_groups(handler, prefix):
    def checked(params):
        actions = alb._parse_actions(params, prefix)
        for arn in groups_of(actions):
            if arn not in alb._tgs:
                return alb._error("TargetGroupNotFound", "One or more target groups not found")
        weights = [group["Weight"] for action in actions
                   for group in action.get("ForwardConfig", {}).get("TargetGroups", [])]
        if any(not 0 <= weight <= 999 for weight in weights):
            return alb._error("ValidationError", "A weight must be between 0 and 999")
        if any(is_sticky_alone(action.get("ForwardConfig")) for action in actions):
            return alb._error("InvalidLoadBalancerAction", "You must enable group stickiness on a rule if you enabled "
                              "target stickiness on one of its target groups")
        return handler(params)

    return checked


def is_sticky_alone(config):
    """Several groups, one of them with sticky targets, and no stickiness between the groups."""
    if not config or config["Enabled"] or len(config["TargetGroups"]) < 2:
        return False
    sticky = {"Key": "stickiness.enabled", "Value": "true"}
    return any(sticky in alb._tg_attrs.get(group["TargetGroupArn"], []) for group in config["TargetGroups"])


def priority_error(listener, priority, but=()):
    for rule in alb._rules.values():
        if rule["ListenerArn"] == listener and rule["Priority"] == priority and rule["RuleArn"] not in but:
            return alb._error("PriorityInUse", f"Priority '{priority}' is currently in use")
    return None


def with_free_priority(handler):
    def create_rule(params):
        listener, priority = alb._p(params, "ListenerArn"), alb._p(params, "Priority")
        if not priority.isdecimal() or not 1 <= int(priority) <= 50000:
            return alb._error("ValidationError", "Priority must be between 1 and 50000")
        return priority_error(listener, priority) or handler(params)

    return create_rule


def set_rule_priorities(handler):
    def checked(params):
        wanted, index = {}, 1
        while arn := alb._p(params, f"RulePriorities.member.{index}.RuleArn"):
            wanted[arn] = alb._p(params, f"RulePriorities.member.{index}.Priority")
            index += 1
        for arn, priority in wanted.items():
            if arn not in alb._rules:
                return alb._error("RuleNotFound", f"Rule '{arn}' not found")
            if error := priority_error(alb._rules[arn]["ListenerArn"], priority, but=wanted):
                return error
        return handler(params)

    return checked


def describe_rules(params):
    listener, wanted = alb._p(params, "ListenerArn"), alb._parse_member_list(params, "RuleArns")
    if listener and listener not in alb._listeners:
        return alb._error("ListenerNotFound", "One or more listeners not found")
    if any(arn not in alb._rules for arn in wanted):
        return alb._error("RuleNotFound", "One or more rules not found")
    rules = [rule for rule in alb._rules.values()
             if (rule["ListenerArn"] == listener if listener else rule["RuleArn"] in wanted)]
    rules.sort(key=lambda rule: (rule["IsDefault"], 0 if rule["IsDefault"] else int(rule["Priority"])))
    return alb._xml(200, "DescribeRules", f"<Rules>{''.join(map(alb._rule_xml, rules))}</Rules>")


def delete_rule(handler):
    def known(params):
        if alb._p(params, "RuleArn") not in alb._rules:
            return alb._error("RuleNotFound", "One or more rules not found")
        return handler(params)

    return known


def delete_target_group(handler):
    def unused(params):
        arn = alb._p(params, "TargetGroupArn")
        if arn not in alb._tgs:
            # "the call succeeds" is documented for load balancers only; groups that are gone are not an error either.
            return alb._empty("DeleteTargetGroup")
        if users_of(arn):
            return alb._error("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        return handler(params)

    return unused
