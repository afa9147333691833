use super::{NAME, converge, small, standing};
use crate::settled;

/// The state's object, as boto3 knows it.
const STATE: &str = "s3 = client('s3')\nbucket, key = 'gg-ai-terraform-states', 'production/reports/terraform.pointsman/state.json'\n";

#[test]
fn t11_state_writes_are_refused_lost_and_torn() {
    let answers = [
        (409, "ConditionalRequestConflict", "A conflicting operation occurred", 2),
        (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 40),
        (500, "InternalError", "We encountered an internal error", 3),
        (503, "SlowDown", "Please reduce your request rate", 40),
    ];
    let mut counted = Vec::new();
    for (status, code, message, times) in answers {
        let world = small();
        let clone = world.clone_of("main");
        world.aws.proxy().fail("s3", "PutObject", status, code, message, times);
        let ended = clone.run(&["apply", NAME, "--yes"]);
        assert!([0, 1].contains(&ended.code) && !ended.err.contains("panicked"), "{ended:?}");
        if ended.code == 1 {
            assert!(ended.err.contains("s3:PutObject"), "it says what failed: {}", ended.err);
        }
        world.aws.proxy().heal();
        converge(&clone, NAME, 1);
        clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
        clone.run(&["destroy", NAME, "--yes"]).expect_code(0);
        assert_eq!(standing(&world), "", "lost after {code} {times} times");
        let came = if ended.code == 0 { "went on" } else { "stopped, then went on" };
        counted.push(format!("{status} x{times}: {came}"));
    }
    println!("T11: state writes answered {}", counted.join(", "));
}

#[test]
fn t11_a_state_that_went_back_or_was_changed_is_refused_and_explained() {
    let world = small();
    let clone = world.clone_of("main");
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    let before = settled(&standing(&world));

    // An older version of the object is restored.
    world.aws.python(&format!(
        "{STATE}versions = s3.list_object_versions(Bucket=bucket, Prefix=key)['Versions']\n\
         old = s3.get_object(Bucket=bucket, Key=key, VersionId=versions[-1]['VersionId'])['Body'].read()\n\
         new = s3.get_object(Bucket=bucket, Key=key)['Body'].read()\n\
         s3.put_object(Bucket=bucket, Key='saved', Body=new)\n\
         s3.put_object(Bucket=bucket, Key=key, Body=old)"
    ));
    let refused = clone.run(&["apply", NAME, "--yes"]).expect_code(1);
    insta::assert_snapshot!("state_went_back", settled(&refused.err));

    // It is changed by hand: its digest does not match.
    world.aws.python(&format!(
        "{STATE}text = s3.get_object(Bucket=bucket, Key='saved')['Body'].read().decode()\n\
         s3.put_object(Bucket=bucket, Key=key, Body=text.replace('reports', 'report5', 1).encode())"
    ));
    let refused = clone.run(&["apply", NAME, "--yes"]).expect_code(1);
    assert!(refused.err.contains("digest"), "{}", refused.err);

    // It is torn.
    world.aws.python(&format!(
        "{STATE}text = s3.get_object(Bucket=bucket, Key='saved')['Body'].read()\n\
         s3.put_object(Bucket=bucket, Key=key, Body=text[:len(text) // 2])"
    ));
    let refused = clone.run(&["apply", NAME, "--yes"]).expect_code(1);
    assert!(refused.err.contains("cannot be read"), "{}", refused.err);

    // It is lost whole.
    world.aws.python(&format!("{STATE}s3.delete_object(Bucket=bucket, Key=key)"));
    let refused = clone.run(&["apply", NAME, "--yes"]).expect_code(1);
    assert!(refused.err.contains("there is none any more"), "{}", refused.err);

    // The right version comes back: all is well.
    world.aws.python(&format!(
        "{STATE}s3.put_object(Bucket=bucket, Key=key, Body=s3.get_object(Bucket=bucket, Key='saved')['Body'].read())"
    ));
    clone.run(&["plan", NAME, "--detailed-exitcode"]).expect_code(0);
    clone.run(&["apply", NAME, "--yes"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), before);
    println!("T11: older version, changed, torn, gone: each refused and explained, nothing written");
}
