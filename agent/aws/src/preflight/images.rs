use aws_sdk_ecr::types::ImageIdentifier;
use pointsman_core::preflight::{Answer, Image};

use crate::{aws::Aws, error::During};

/// An image in a private registry of ECR.
struct EcrImage<'a> {
    registry: &'a str,
    region: &'a str,
    repository: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> EcrImage<'a> {
    /// None for what is in another registry.
    fn parse(image: &'a str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let (registry, rest) = host.split_once(".dkr.ecr.")?;
        let (region, _) = rest.split_once(".amazonaws.com")?;
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        Some(Self { registry, region, repository, tag, digest })
    }
}

/// What the registry says, where it is one that can be asked.
pub(super) async fn image(aws: &Aws, image: &str) -> Answer<Image> {
    let Some(EcrImage { registry, region, repository, tag, digest }) = EcrImage::parse(image) else {
        return Ok(Image::NotAsked(
            "its registry is not ECR: whether it is there is seen when a task starts",
        ));
    };
    if region != aws.scope.region {
        return Ok(Image::NotAsked("it is in another region"));
    }
    // A digest is exact: a tag beside it means nothing.
    let id = match digest {
        Some(digest) => ImageIdentifier::builder().image_digest(digest),
        None => ImageIdentifier::builder().image_tag(tag.unwrap_or("latest")),
    };
    let asked = aws
        .clients
        .images()
        .describe_images()
        .registry_id(registry)
        .repository_name(repository)
        .image_ids(id.build())
        .send()
        .await
        .during(&aws.scope, "ecr:DescribeImages", image);
    match asked {
        Ok(answer) if answer.image_details().is_empty() => Ok(Image::Absent),
        Ok(_) => Ok(Image::There),
        Err(error) if error.code.as_deref() == Some("RepositoryNotFoundException") => Ok(Image::NoRepository),
        Err(error) if error.code.as_deref() == Some("ImageNotFoundException") => Ok(Image::Absent),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::EcrImage;

    #[test]
    fn images_of_ecr_are_told_from_others() {
        let image = "908027381725.dkr.ecr.us-east-1.amazonaws.com/team/web:1@sha256:ab";
        let image = EcrImage::parse(image).unwrap();
        assert_eq!(
            (image.registry, image.region, image.repository),
            ("908027381725", "us-east-1", "team/web")
        );
        assert_eq!((image.tag, image.digest), (Some("1"), Some("sha256:ab")));
        assert!(EcrImage::parse("ghcr.io/open-webui/open-webui:main").is_none());
        assert!(EcrImage::parse("nginx").is_none());
    }
}
