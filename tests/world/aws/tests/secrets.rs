use super::on_the_road;

#[test]
fn a_secret_keeps_its_name_until_its_window_ends() {
    let said = on_the_road(
        r#"
secrets = client("secretsmanager")
token = "0123456789abcdef0123456789abcdef"
wanted = dict(Name="web/key", SecretString="one", ClientRequestToken=token, Tags=[{"Key": "Team", "Value": "web"}])
made = secrets.create_secret(**wanted)
print(made["VersionId"] == token, secrets.create_secret(**wanted)["ARN"] == made["ARN"])
print(code_of(secrets.create_secret, **{**wanted, "SecretString": "two"}))
secrets.create_secret(Name="other/web/key", SecretString="three")
listed = lambda *names: sorted(s["Name"] for s in secrets.list_secrets(
    Filters=[{"Key": "name", "Values": list(names)}])["SecretList"])
print(listed("web/"), listed("WEB/"), listed("web/", "other/"))
entry = [s for s in secrets.list_secrets()["SecretList"] if s["Name"] == "web/key"][0]
print(entry["Tags"], entry["SecretVersionsToStages"])
secrets.delete_secret(SecretId="web/key", RecoveryWindowInDays=7)
print(listed("web/"), code_of(secrets.get_secret_value, SecretId="web/key"),
      code_of(secrets.create_secret, Name="web/key", SecretString="four"),
      code_of(secrets.tag_resource, SecretId="web/key", Tags=[]),
      "DeletedDate" in secrets.describe_secret(SecretId="web/key"))
secrets.restore_secret(SecretId="web/key")
print(secrets.get_secret_value(SecretId="web/key", VersionId=token)["SecretString"], listed("web/"))
print(code_of(secrets.describe_secret, SecretId="web/none"))
"#,
    );
    assert_eq!(
        said,
        [
            "True True",
            "ResourceExistsException",
            "['web/key'] [] ['other/web/key', 'web/key']",
            "[{'Key': 'Team', 'Value': 'web'}] {'0123456789abcdef0123456789abcdef': ['AWSCURRENT']}",
            "[] InvalidRequestException InvalidRequestException InvalidRequestException True",
            "one ['web/key']",
            "ResourceNotFoundException"
        ]
    );
}
