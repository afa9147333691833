use super::on_the_road;

#[test]
fn rules_have_identities_and_are_not_doubled() {
    let said = on_the_road(
        r#"
tags = [{"Key": "pointsman:address", "Value": "a&b"}]
rule = lambda *peers: [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": p} for p in peers]}]
made = ec2.authorize_security_group_ingress(GroupId=firewall, IpPermissions=rule("10.0.0.0/8", "172.16.0.0/12"),
    TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": tags}])["SecurityGroupRules"]
print(len({r["SecurityGroupRuleId"] for r in made}), [r["Tags"] == tags for r in made])
print(code_of(ec2.authorize_security_group_ingress, GroupId=firewall, IpPermissions=rule("10.0.0.0/8")))
group = lambda: ec2.describe_security_groups(GroupIds=[firewall])["SecurityGroups"][0]
print([len(permission["IpRanges"]) for permission in group()["IpPermissions"]])
print(code_of(ec2.revoke_security_group_ingress, GroupId=firewall, IpPermissions=rule("192.168.0.0/16")))
ec2.revoke_security_group_ingress(GroupId=firewall, SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])
print([r["CidrIp"] for permission in group()["IpPermissions"] for r in permission["IpRanges"]])
tagged = ec2.create_security_group(GroupName="tagged", Description="d & e", VpcId=vpc, TagSpecifications=[
    {"ResourceType": "security-group", "Tags": tags}])
print(tagged["Tags"] == tags, ec2.describe_security_groups(Filters=[
    {"Name": "tag:pointsman:address", "Values": ["a&b"]}])["SecurityGroups"][0]["Description"])
print(code_of(ec2.create_security_group, GroupName="tagged", Description="again", VpcId=vpc))
print(code_of(ec2.create_security_group, GroupName="arrow", Description="a → b", VpcId=vpc))
"#,
    );
    assert_eq!(
        said,
        [
            "2 [True, True]",
            "InvalidPermission.Duplicate",
            "[2]",
            "InvalidPermission.NotFound",
            "['172.16.0.0/12']",
            "True d & e",
            "InvalidGroup.Duplicate",
            "InvalidParameterValue"
        ]
    );
}
