"""Secrets Manager: what a name and a client token mean, and how names are filtered."""

import json

from ministack.core.responses import error_response_json as error
from ministack.core.responses import json_response
from ministack.services import secretsmanager


def apply(_engine):
    secretsmanager._create_secret = create(secretsmanager._create_secret)
    secretsmanager._filter_secret_names = filtered(secretsmanager._filter_secret_names)


def create(handler):
    """A deleted secret keeps its name until its window ends; the same token with the same value is the same call."""

    def checked(data):
        name, token = data.get("Name"), data.get("ClientRequestToken")
        known = secretsmanager._secrets.get(name)
        if known and known.get("DeletedDate"):
            return error("InvalidRequestException", "You can't create this secret because a secret with this name is "
                         "already scheduled for deletion.", 400)
        if known and token in known["Versions"] and \
                known["Versions"][token]["SecretString"] == data.get("SecretString"):
            return json_response({"ARN": known["ARN"], "Name": name, "VersionId": token})
        answer = handler(data)
        if answer[0] == 200 and token:
            made = secretsmanager._secrets[name]
            made["Versions"] = {token: made["Versions"].pop(json.loads(answer[2])["VersionId"])}
            return json_response({"ARN": made["ARN"], "Name": name, "VersionId": token})
        return answer

    return checked


def filtered(handler):
    """A name is matched from its beginning, and by its case."""

    def chosen(names, filters):
        for asked in filters:
            if asked.get("Key") == "name":
                names = [name for name in names if name.startswith(tuple(asked.get("Values", [])))]
        return handler(names, [asked for asked in filters if asked.get("Key") != "name"])

    return chosen
