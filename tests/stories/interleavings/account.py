sqs, db = client("sqs"), client("dynamodb")
live, shown = {}, []
for queue, lock in names:
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["MaximumMessageSize"])["Attributes"]
    live[queue] = attributes["MaximumMessageSize"]
    kept = db.query(
        TableName="pointsman-runs", ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :kept)",
        ExpressionAttributeValues={":pk": {"S": lock}, ":kept": {"S": "SHOWN#"}},
    )["Items"]
    shown += [json.loads(item["approval"]["S"]) for item in kept[-20:]]
print(json.dumps({"live": live, "shown": shown}))
