"""SQS: a deleted queue's name stays taken for a while, and every queue is encrypted in exactly one way."""

import time

from ministack.services import sqs

from corrections import settings

# When a queue of this name was deleted.
_deleted = {}


def apply(_engine):
    for action, corrected in (("CreateQueue", create), ("DeleteQueue", delete), ("SetQueueAttributes", set_attributes)):
        sqs._HANDLERS[action] = corrected(sqs._HANDLERS[action])


def create(handler):
    def act(data, url):
        name = data.get("QueueName", "")
        if time.time() < _deleted.get(name, 0) + settings.QUEUE_NAME_SECONDS:
            raise sqs._Err("QueueDeletedRecently",
                           "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
        known = sqs._queue_url(name) in sqs._queues
        result = handler(data, url)
        if not known:
            encrypt(sqs._queues[result["QueueUrl"]], data.get("Attributes") or {})
        return result

    return act


def delete(handler):
    def act(data, url):
        name = sqs._get_q(data.get("QueueUrl", url))["name"]
        result = handler(data, url)
        _deleted[name] = time.time()
        return result

    return act


def set_attributes(handler):
    def act(data, url):
        result = handler(data, url)
        encrypt(sqs._get_q(data.get("QueueUrl", url)), data.get("Attributes") or {})
        return result

    return act


def encrypt(queue, asked):
    """By SQS's own keys where nothing is said; a KMS key takes their place, and they take a KMS key's."""
    attributes = queue["attributes"]
    if asked.get("KmsMasterKeyId"):
        attributes["SqsManagedSseEnabled"] = "false"
    elif asked.get("SqsManagedSseEnabled") == "true" or "KmsMasterKeyId" in asked:
        attributes.pop("KmsMasterKeyId", None)
    attributes.setdefault("SqsManagedSseEnabled", "true")
