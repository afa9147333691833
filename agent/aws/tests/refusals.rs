//! What is said when the way to AWS is barred: no emulator is needed.

use pointsman_aws::{Access, Settings, connect};
use pointsman_core::environment::EnvironmentFile;
use pointsman_engine::ports::CloudErrorKind;

const FILE: &str = r#"
schema = 1
[aws]
region = "us-east-1"
account = "908027381725"
profile = "a-profile-that-nobody-has"
[state]
bucket = "states"
key = "web/terraform.tfstate"
lock_table = "locks"
[network]
vpc = { name = "main" }
"#;

#[tokio::test]
async fn a_profile_that_does_not_exist_is_named_with_what_to_do() {
    let file: EnvironmentFile = toml::from_str(FILE).unwrap();
    let ports = connect(&file, Access::Read, &Settings::default()).await.unwrap();
    let error = ports.cloud.identity().await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Credentials, "{error}");
    assert_eq!(error.operation, "sts:GetCallerIdentity");
    assert!(error.to_string().contains("a-profile-that-nobody-has"), "{error}");
    assert!(error.help.unwrap().contains("aws sts get-caller-identity --profile a-profile-that-nobody-has"));

    assert_eq!(ports.locks.lock_id(), "states/web/terraform.tfstate");
    let error = ports.locks.read().await.unwrap_err();
    assert_eq!((error.kind, error.operation.as_str()), (CloudErrorKind::Credentials, "dynamodb:GetItem"));

    assert_eq!(ports.bucket.location(), "s3://states/web/terraform.pointsman/state.json");
    let error = ports.bucket.load().await.unwrap_err();
    assert_eq!((error.kind, error.operation.as_str()), (CloudErrorKind::Credentials, "s3:GetObject"));
}
