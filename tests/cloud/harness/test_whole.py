"""The whole harness with functions that do wrong: each wrong has to be found."""

import io
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path

from .. import poison, rights, terraform, told
from ..checks import Checks, Failed
from ..cloud import Cloud
from ..runtime_api import RuntimeApi
from ..server import Server
from ..state import dead
from .fakes import DONE, program

DATASETS = terraform.PROJECT / "tests" / "cloud" / "datasets"
LANDED = "landing/shop/visits/a b.csv"

# Copies what landed to bronze, as one commit.
COPIES = """
for record in event["Records"]:
    for told in json.loads(record["body"]).get("Records", []):
        s3().put_object(Bucket=told["s3"]["bucket"]["name"], Body=b"x",
                        Key="bronze/shop/visits/_delta_log/00000000000000000000.json")
return {"batchItemFailures": []}
"""
REFUSES = """
refused = [record["messageId"] for record in event["Records"] if record["body"] == "{"]
return {"batchItemFailures": [{"itemIdentifier": it} for it in refused]}
"""
SAYS = """
print("plain", flush=True)
print(json.dumps({"level": "INFO", "x": "hidden-token"}), flush=True)
"""
PUBLISHES = """
import boto3
alert = {"alert_id": "a", "severity": "info", "dataset": "shop", "kind": "stale"}
boto3.client("sns", region_name=os.environ["AWS_REGION"]).publish(
    TopicArn=os.environ["SMELT_ALERT_TOPIC"], Subject="old",
    Message="x\\n\\n---\\n" + json.dumps(alert),
    MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in alert.items()})
"""


class WholeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server, cls.api = Server(), RuntimeApi()
        cls.addClassCleanup(cls.server.close)
        cls.addClassCleanup(cls.api.close)

    def cloud(self, **bodies: str) -> Cloud:
        scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))
        binaries = {name: program(scratch, name, bodies.get(name, DONE)) for name in terraform.functions()}
        name = self.id().rpartition(".")[2].replace("_", "")[-40:]
        cloud = Cloud(name, self.server, self.api, binaries, DATASETS, scratch / "tmp", {"TOKEN": "hidden-token"})
        self.addCleanup(cloud.end)
        cloud.start()
        # S3 has told every queue that it may send.
        cloud.settle()
        for function in cloud.functions.values():
            function.bill.counts.clear()
        return cloud

    def test_a_file_wakes_one_function_after_the_other(self) -> None:
        cloud = self.cloud(ingest=COPIES)
        cloud.drop(LANDED, b"x")
        cloud.settle()
        woken = {name: function.bill.counts["invocations"] for name, function in cloud.functions.items()}
        self.assertEqual(woken, {**dict.fromkeys(woken, 0), "ingest": 1, "silver": 1})
        self.assertEqual(rights.not_granted([cloud]), [])

    def test_poison_ends_as_dead_letters_and_nothing_else_does(self) -> None:
        cloud = self.cloud(silver=REFUSES)
        url = cloud.sources["silver"].url
        for body in ("{", poison.record(cloud.bucket, "bronze/x"), "{"):
            cloud.sqs.send_message(QueueUrl=url, MessageBody=body)
        cloud.settle()
        self.assertEqual(dead(cloud), {"silver": 2})
        self.assertEqual([it["Body"] for it in cloud.drain(cloud.dead["silver"])], ["{", "{"])

    def test_who_writes_where_it_may_not_is_found(self) -> None:
        wrong = COPIES.replace("bronze/shop", "silver/shop")
        cloud = self.cloud(ingest=wrong)
        cloud.drop(LANDED, b"x")
        cloud.settle()
        [found] = rights.not_granted([cloud])
        self.assertTrue(found.startswith("ingest writes silver/: PUT silver/shop/visits"), found)
        self.assertEqual(dead(cloud), {"ingest": 1}, "the store refuses it, as S3 would")

    def test_who_tells_an_alert_twice_is_found(self) -> None:
        cloud = self.cloud(alert=PUBLISHES + DONE)
        told.messages(cloud)
        for _ in range(2):
            cloud.fire("alert-shop")
        self.assertEqual(told.twice(told.messages(cloud)), ["a was told 2 times"])

    def test_who_publishes_without_a_right_is_found(self) -> None:
        topic = 'os.environ["SMELT_ALERT_TOPIC"] = "arn:aws:sns:eu-central-1:123456789012:other"\n'
        cloud = self.cloud(train=topic + PUBLISHES)
        cloud.fire("train-shop")
        self.assertEqual(rights.not_granted([cloud]), ["train publishes"])

    def test_who_says_a_secret_or_no_json_is_found(self) -> None:
        cloud = self.cloud(train=SAYS)
        cloud.fire("train-shop")
        cloud.end()
        self.assertEqual([it.split(": ")[1] for it in cloud.logs.problems], ["no JSON", "a secret is in the log"])

    def test_a_message_that_is_lost_is_missed(self) -> None:
        """A function that says done and did nothing leaves no trace but that nothing was written."""
        cloud = self.cloud()
        cloud.drop(LANDED, b"x")
        cloud.settle()
        self.assertEqual((dead(cloud), list(cloud.objects("bronze/"))), ({}, []))
        with redirect_stdout(io.StringIO()) as said, self.assertRaises(Failed):
            Checks().equal("bronze has a commit", list(cloud.objects("bronze/")), ["x"])
        self.assertIn("FAIL  bronze has a commit", said.getvalue())

    def test_a_schedule_that_fails_is_tried_twice_more(self) -> None:
        cloud = self.cloud(maintain='raise ValueError("no")')
        result = cloud.fire("maintain-shop")
        self.assertEqual(result.error["errorType"], "ValueError")
        self.assertEqual(cloud.functions["maintain"].bill.counts["invocations"], 3)
        self.assertEqual(sorted(cloud.schedules("maintain-")), ["maintain-office", "maintain-shop", "maintain-till"])
