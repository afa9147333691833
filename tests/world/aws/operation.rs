//! Which AWS service and operation a request is, whichever protocol it speaks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Method, Uri};

/// The protocol of a service: it decides how an error is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `X-Amz-Target` and JSON.
    Json,
    /// A form with an `Action`, answered in XML.
    Query,
    /// The same, with EC2's own envelope for errors.
    Ec2,
    /// S3: paths and XML.
    S3,
    /// Paths and JSON.
    RestJson,
    /// Smithy RPC v2: CBOR.
    Cbor,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The name that requests are signed with: `ecs`, `elasticloadbalancing`, `logs`, ...
    pub service: String,
    /// As AWS's reference names it: `CreateService`.
    pub name: String,
    pub protocol: Protocol,
}

impl Operation {
    /// Reads the request. `form` is its body when it is a form, else empty.
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap, form: &[u8]) -> Self {
        let service = signed_service(headers).unwrap_or_else(|| "unknown".to_owned());
        let (name, protocol) = if let Some(target) = text(headers, "x-amz-target") {
            let name = target.rsplit('.').next().unwrap_or(target);
            (name.to_owned(), Protocol::Json)
        } else if let Some(name) = rpc_name(uri.path()) {
            (name, Protocol::Cbor)
        } else if let Some(action) = parameter(form, "Action").or_else(|| parameter(query(uri), "Action")) {
            let ec2 = service == "ec2";
            (action, if ec2 { Protocol::Ec2 } else { Protocol::Query })
        } else if service == "s3" {
            (s3_name(method, uri, headers), Protocol::S3)
        } else {
            (rest_name(method, uri.path()), Protocol::RestJson)
        };
        Self { service, name, protocol }
    }

    /// Whether it may change something: everything that is not known to read only.
    pub(crate) fn is_mutating(&self) -> bool {
        const READS: [&str; 12] = [
            "Describe",
            "Get",
            "List",
            "Head",
            "BatchGet",
            "TransactGet",
            "Query",
            "Scan",
            "AssumeRole",
            "Simulate",
            "Lookup",
            "Filter",
        ];
        // Neither of the REST names below nor any AWS operation that writes begins like this.
        !READS.iter().any(|read| self.name.starts_with(read)) && !self.name.starts_with("GET ")
    }

    /// For how long its signature is good where most services' is for `most`: S3 takes it for fifteen minutes,
    /// the others for five.
    pub(crate) fn signed_for(&self, most: Duration) -> Duration {
        if self.protocol == Protocol::S3 { 3 * most } else { most }
    }

    /// Whether it renews a lease: nothing else is put so.
    pub(crate) fn is_heartbeat(&self) -> bool {
        self.service == "dynamodb" && self.name == "PutItem"
    }

    /// Whether it may change an object of a plan: neither lock and journal nor the state.
    pub(crate) fn is_of_a_step(&self) -> bool {
        self.is_mutating() && self.service != "dynamodb" && !self.name.ends_with("Object")
    }
}

/// From `Credential=KEY/…`.
pub(crate) fn key_of(headers: &HeaderMap) -> String {
    let signed = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = signed.and_then(|signed| signed.split_once("Credential="));
    credential.and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default().to_owned()
}

/// How long ago it was signed, by `X-Amz-Date`; nothing for what has none.
pub(crate) fn age_of(headers: &HeaderMap) -> Duration {
    let signed = text(headers, "x-amz-date").and_then(|date| {
        let digits: String = date.chars().filter(char::is_ascii_digit).collect();
        let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i64>().ok();
        let days = days_since_1970(part(0, 4)?, part(4, 6)?, part(6, 8)?);
        Some(days * 86_400 + part(8, 10)? * 3_600 + part(10, 12)? * 60 + part(12, 14)?)
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signed = signed.and_then(|signed| u64::try_from(signed).ok()).unwrap_or(u64::MAX);
    now.saturating_sub(Duration::from_secs(signed))
}

/// Days from 1970 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// From `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_service(headers: &HeaderMap) -> Option<String> {
    let (_, scope) = text(headers, "authorization")?.split_once("Credential=")?;
    let service = scope.split(',').next()?.split('/').nth(3)?;
    Some(service.to_owned())
}

/// From `/service/NAME/operation/NAME`.
fn rpc_name(path: &str) -> Option<String> {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["", "service", _, "operation", name] => Some(name.to_owned()),
        _ => None,
    }
}

fn query(uri: &Uri) -> &[u8] {
    uri.query().unwrap_or_default().as_bytes()
}

/// A parameter of a form or query. Names and values of operations need no decoding.
fn parameter(form: &[u8], name: &str) -> Option<String> {
    let form = std::str::from_utf8(form).ok()?;
    form.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| value.to_owned())
    })
}

/// Names that carry a sub-resource in the query, as bucket or object operations.
const S3_PARTS: [(&str, &str); 13] = [
    ("versioning", "BucketVersioning"),
    ("encryption", "BucketEncryption"),
    ("location", "BucketLocation"),
    ("policy", "BucketPolicy"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("acl", "Acl"),
    ("tagging", "Tagging"),
    ("cors", "BucketCors"),
    ("retention", "ObjectRetention"),
    ("attributes", "ObjectAttributes"),
];

fn s3_name(method: &Method, uri: &Uri, headers: &HeaderMap) -> String {
    let has = |name: &str| parameter(query(uri), name).is_some();
    // Some SDKs say it themselves.
    if let Some(name) = parameter(query(uri), "x-id") {
        return name;
    }
    let verb = match method.as_str() {
        "GET" => "Get",
        "PUT" => "Put",
        "DELETE" => "Delete",
        "HEAD" => "Head",
        other => other,
    };
    if let Some((_, part)) = S3_PARTS.iter().find(|(name, _)| has(name)) {
        return format!("{verb}{part}");
    }
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let name = match (method.as_str(), bucket.is_empty(), key.is_empty()) {
        ("GET", true, _) => "ListBuckets",
        ("GET", _, true) if has("versions") => "ListObjectVersions",
        ("GET", _, true) if has("uploads") => "ListMultipartUploads",
        ("GET", _, true) if has("list-type") => "ListObjectsV2",
        ("GET", _, true) => "ListObjects",
        ("HEAD", _, true) => "HeadBucket",
        ("PUT", _, true) => "CreateBucket",
        ("DELETE", _, true) => "DeleteBucket",
        ("POST", _, true) if has("delete") => "DeleteObjects",
        ("GET", _, _) if has("uploadId") => "ListParts",
        ("PUT", _, _) if has("uploadId") => "UploadPart",
        ("PUT", _, _) if headers.contains_key("x-amz-copy-source") => "CopyObject",
        ("POST", _, _) if has("uploads") => "CreateMultipartUpload",
        ("POST", _, _) if has("uploadId") => "CompleteMultipartUpload",
        ("DELETE", _, _) if has("uploadId") => "AbortMultipartUpload",
        _ => return format!("{verb}Object"),
    };
    name.to_owned()
}

/// Services with paths that environments need; others are named by method and path.
fn rest_name(method: &Method, path: &str) -> String {
    const EFS: [(&str, &str); 3] =
        [("file-systems", "FileSystem"), ("mount-targets", "MountTarget"), ("access-points", "AccessPoint")];
    if let Some(resource) = path.strip_prefix("/2015-02-01/") {
        let kind = resource.split('/').next().unwrap_or_default();
        if let Some((_, noun)) = EFS.iter().find(|(name, _)| *name == kind) {
            return match method.as_str() {
                "GET" => format!("Describe{noun}s"),
                "POST" => format!("Create{noun}"),
                "PUT" => format!("Update{noun}"),
                _ => format!("Delete{noun}"),
            };
        }
    }
    if path.starts_with("/schedules/") {
        let verb = match method.as_str() {
            "GET" => "Get",
            "POST" => "Create",
            "PUT" => "Update",
            _ => "Delete",
        };
        return format!("{verb}Schedule");
    }
    format!("{method} {path}")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method, Uri};

    use super::{Operation, Protocol};

    fn read(
        method: &str,
        uri: &str,
        service: &str,
        target: Option<&'static str>,
        form: &str,
    ) -> (String, bool, Protocol) {
        let mut headers = HeaderMap::new();
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{service}/aws4_request, Signature=0");
        headers.insert("authorization", HeaderValue::from_str(&scope).unwrap());
        if let Some(target) = target {
            headers.insert("x-amz-target", HeaderValue::from_static(target));
        }
        let operation = Operation::of(
            &Method::from_bytes(method.as_bytes()).unwrap(),
            &uri.parse::<Uri>().unwrap(),
            &headers,
            form.as_bytes(),
        );
        assert_eq!(operation.service, service);
        let mutating = operation.is_mutating();
        (operation.name, mutating, operation.protocol)
    }

    #[test]
    fn every_protocol_is_told_apart() {
        let cases = [
            (
                ("POST", "/", "ecs", Some("AmazonEC2ContainerServiceV20141113.CreateService"), ""),
                ("CreateService", true, Protocol::Json),
            ),
            (
                ("POST", "/", "dynamodb", Some("DynamoDB_20120810.GetItem"), ""),
                ("GetItem", false, Protocol::Json),
            ),
            (
                ("POST", "/", "elasticloadbalancing", None, "Action=DescribeRules&Version=2015-12-01"),
                ("DescribeRules", false, Protocol::Query),
            ),
            (
                ("POST", "/", "ec2", None, "Version=2016-11-15&Action=DeleteSecurityGroup"),
                ("DeleteSecurityGroup", true, Protocol::Ec2),
            ),
            (
                (
                    "POST",
                    "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm",
                    "monitoring",
                    None,
                    "",
                ),
                ("PutMetricAlarm", true, Protocol::Cbor),
            ),
            (
                ("GET", "/2015-02-01/file-systems?CreationToken=x", "elasticfilesystem", None, ""),
                ("DescribeFileSystems", false, Protocol::RestJson),
            ),
            (
                ("PUT", "/states/a/b.tfstate?x-id=PutObject", "s3", None, ""),
                ("PutObject", true, Protocol::S3),
            ),
            (("PUT", "/states/a/b.tfstate", "s3", None, ""), ("PutObject", true, Protocol::S3)),
            (("HEAD", "/states", "s3", None, ""), ("HeadBucket", false, Protocol::S3)),
            (("GET", "/states/?versioning", "s3", None, ""), ("GetBucketVersioning", false, Protocol::S3)),
            (("GET", "/states/a?versionId=1", "s3", None, ""), ("GetObject", false, Protocol::S3)),
            (("DELETE", "/states/a", "s3", None, ""), ("DeleteObject", true, Protocol::S3)),
        ];
        for ((method, uri, service, target, form), (name, mutating, protocol)) in cases {
            assert_eq!(
                read(method, uri, service, target, form),
                (name.to_owned(), mutating, protocol),
                "{method} {uri}"
            );
        }
    }
}
