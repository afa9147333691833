//! Calls to the emulated account on one connection that stays open.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
#[cfg(test)]
use serde_json::Value;

use super::{
    http::{Answer, Connection},
    xml::Element,
};

#[derive(Debug)]
pub(super) struct Api {
    address: SocketAddr,
    connection: Option<Connection>,
}

impl Api {
    pub(super) fn at(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// A call of Elastic Load Balancing; the answer is what stands in its result.
    pub(super) async fn balancing(&mut self, action: &str, parameters: &[(&str, &str)]) -> Result<Element> {
        let mut body = format!("Action={action}&Version=2015-12-01");
        for (name, value) in parameters {
            body.push_str(&format!("&{}={}", escaped(name), escaped(value)));
        }
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        let answer = self.send("elasticloadbalancing", kind, &body).await?;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status != 200 {
            bail!("{action}: {} {said}", answer.status);
        }
        let mut root = Element::parse(&said)?;
        Ok(root.take(&format!("{action}Result")).unwrap_or_default())
    }

    /// Puts a metric.
    pub(super) async fn metrics(&mut self, parameters: &[(&str, &str)]) -> Result<()> {
        let mut body = "Action=PutMetricData&Version=2010-08-01".to_owned();
        for (name, value) in parameters {
            body.push_str(&format!("&{}={}", escaped(name), escaped(value)));
        }
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        let answer = self.send("monitoring", kind, &body).await?;
        if answer.status != 200 {
            bail!("PutMetricData: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(())
    }

    /// A call of ECS.
    #[cfg(test)]
    pub(super) async fn containers(&mut self, action: &str, parameters: &Value) -> Result<Value> {
        let kind = format!(
            "Content-Type: application/x-amz-json-1.1\r\n\
             X-Amz-Target: AmazonEC2ContainerServiceV20141113.{action}\r\n"
        );
        let answer = self.send("ecs", &kind, &parameters.to_string()).await?;
        if answer.status != 200 {
            bail!("{action}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer.json())
    }

    async fn send(&mut self, service: &str, headers: &str, body: &str) -> Result<Answer> {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIAPLANE/20260101/{}/\
             {service}/aws4_request, SignedHeaders=host, Signature=0\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address,
            crate::aws::REGION,
            body.len()
        );
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let answer = connection.ask(request.as_bytes()).await.context("the emulator does not answer")?;
        if answer.reusable {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
