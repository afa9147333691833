"""ECR: an image that is asked for by name and is not there is an error."""

from ministack.core.responses import error_response_json
from ministack.services import ecr


def apply(_engine):
    describe = ecr._describe_images

    def describe_images(data):
        name = data.get("repositoryName", "")
        for asked in data.get("imageIds") or []:
            if name in ecr._repositories and not ecr._find_image(name, asked):
                return error_response_json(
                    "ImageNotFoundException",
                    f"The image with imageId {asked} does not exist within the repository with name '{name}'", 400)
        return describe(data)

    ecr._describe_images = describe_images
