import unittest
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from .. import presigned, terraform
from ..server import REGION, Server
from ..tally import Request, Tally
from ..trouble import Fault, Shares, Trouble

BUCKET = "smelt-gate"


class GateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.admin = cls.client("test")
        cls.admin.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    @classmethod
    def client(cls, key: str, token: str | None = None):
        config = Config(retries={"total_max_attempts": 1}, request_checksum_calculation="when_required")
        return boto3.client(
            "s3", endpoint_url=cls.server.endpoint, region_name=REGION, aws_access_key_id=key,
            aws_secret_access_key="test", aws_session_token=token, config=config,
        )

    def setUp(self) -> None:
        self.tally, self.trouble = Tally(), Trouble(1)
        self.server.gate.watch(BUCKET, self.tally, self.trouble, terraform.functions())
        self.silver = self.client("smelt-gate-silver", "sandbox-1")

    def put(self, key: str, **more: str) -> None:
        self.silver.put_object(Bucket=BUCKET, Key=key, Body=b"x", **more)

    def exists(self, key: str) -> bool:
        return "Contents" in self.admin.list_objects_v2(Bucket=BUCKET, Prefix=key)

    def code(self, key: str, **more: str) -> str:
        with self.assertRaises(ClientError) as raised:
            self.put(key, **more)
        return raised.exception.response["Error"]["Code"]

    def test_what_is_touched_is_noted(self) -> None:
        self.put("silver/a b+c/x")
        self.silver.get_object(Bucket=BUCKET, Key="silver/a b+c/x")
        self.silver.list_objects_v2(Bucket=BUCKET, Prefix="bronze/x/")
        touched = self.tally.touched["silver"]
        self.assertEqual(touched, {"writes": {"silver"}, "reads": {"silver"}, "lists": {"bronze"}, "deletes": set()})
        self.assertEqual(self.tally.counts["silver"]["s3_a"], 2)
        self.assertEqual(self.tally.counts["silver"]["s3_b"], 1)
        self.assertEqual(self.tally.counts["silver"]["s3_bytes_in"], 1)
        self.assertTrue(self.exists("silver/a b+c/x"))

    def test_what_is_not_granted_is_refused_and_noted(self) -> None:
        self.assertEqual(self.code("gold/x"), "AccessDenied")
        with self.assertRaises(ClientError):
            self.silver.delete_object(Bucket=BUCKET, Key="silver/x")
        with self.assertRaises(ClientError):
            self.silver.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "bronze/x"}]})
        self.assertEqual(self.tally.touched["silver"]["writes"], {"gold"})
        self.assertEqual(self.tally.touched["silver"]["deletes"], {"silver", "bronze"})
        self.assertFalse(self.exists("gold/x"))

    def test_busy_and_conflict_write_nothing(self) -> None:
        self.trouble.shares = Shares(busy=1.0)
        self.assertEqual(self.code("silver/busy"), "SlowDown")
        self.trouble.shares = Shares(conflict=1.0)
        self.assertEqual(self.code("silver/conflict", IfNoneMatch="*"), "ConditionalRequestConflict")
        self.put("silver/unconditional")
        self.assertFalse(self.exists("silver/busy") or self.exists("silver/conflict"))
        self.assertEqual(self.trouble.counts, {Fault.BUSY: 1, Fault.CONFLICT: 1})

    def test_a_lost_answer_is_of_a_write_that_landed(self) -> None:
        self.trouble.shares = Shares(lost=1.0)
        with self.assertRaises(HTTPClientError):
            self.put("silver/lost", IfNoneMatch="*")
        self.assertTrue(self.exists("silver/lost"))
        self.silver.get_object(Bucket=BUCKET, Key="silver/lost")
        self.assertEqual(self.trouble.counts, {Fault.LOST: 1})

    def test_the_spared_have_no_trouble(self) -> None:
        self.trouble.shares = Shares(busy=1.0)
        self.trouble.spare("silver", 1)
        self.put("silver/spared")
        self.trouble.spare("silver", -1)
        self.assertEqual(self.code("silver/spared"), "SlowDown")

    def test_a_kill_comes_after_so_many_requests_of_that_sandbox(self) -> None:
        killed: list[str] = []
        self.trouble.kill_after("sandbox-1", 2, lambda: killed.append("now"))
        self.client("smelt-gate-silver", "sandbox-2").put_object(Bucket=BUCKET, Key="silver/other", Body=b"")
        self.put("silver/1")
        self.assertEqual(killed, [])
        self.put("silver/2")
        self.assertEqual((killed, self.trouble.kills), (["now"], 1))
        self.put("silver/3")
        self.assertEqual(killed, ["now"])

    def test_a_put_that_must_be_the_first_has_one_winner(self) -> None:
        self.put("silver/first", IfNoneMatch="*")
        self.assertEqual(self.code("silver/first", IfNoneMatch="*"), "PreconditionFailed")

    def signed(self, key: str) -> str:
        """An address that takes one byte of CSV where nothing lies yet."""
        wanted = {"Bucket": BUCKET, "Key": key, "ContentLength": 1, "ContentType": "text/csv", "IfNoneMatch": "*"}
        return self.silver.generate_presigned_url("put_object", wanted, ExpiresIn=60)

    def send(self, url: str, body: bytes = b"x", **other: str) -> int:
        headers = {"Content-Type": "text/csv", "If-None-Match": "*", **{k.replace("_", "-"): v for k, v in other.items()}}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT")) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def test_a_signed_address_takes_what_was_signed_once(self) -> None:
        url = self.signed("silver/ä (b)+c~.csv")
        self.assertEqual(self.send(url), 200)
        self.assertTrue(self.exists("silver/ä (b)+c~.csv"))
        self.assertEqual(self.send(url), 412)
        self.assertEqual(self.tally.touched["silver"]["writes"], {"silver"})

    def test_a_signed_address_takes_nothing_else(self) -> None:
        url = self.signed("silver/signed")
        self.assertEqual(self.send(url, b"xx"), 403)
        self.assertEqual(self.send(url, Content_Type="text/plain"), 403)
        self.assertEqual(self.send(url, If_None_Match="other"), 403)
        self.assertEqual(self.send(url.replace("silver/signed", "silver/elsewhere")), 403)
        self.assertEqual(self.send(url.replace("Expires=60", "Expires=6000")), 403)
        self.assertEqual(self.tally.touched["silver"]["writes"], set())
        self.assertFalse(self.exists("silver/signed") or self.exists("silver/elsewhere"))
        # What its signer may not do, nobody may with its address.
        self.assertEqual(self.send(self.signed("gold/signed")), 403)
        self.assertEqual(self.tally.touched["silver"]["writes"], {"gold"})

    def test_a_signed_address_expires(self) -> None:
        path, _, query = self.signed("silver/late").removeprefix(self.server.endpoint).partition("?")
        environ = {
            "REQUEST_METHOD": "PUT", "REQUEST_URI": f"{path}?{query}", "QUERY_STRING": query, "CONTENT_LENGTH": "1",
            "CONTENT_TYPE": "text/csv", "HTTP_IF_NONE_MATCH": "*",
            "HTTP_HOST": self.server.endpoint.removeprefix("http://"),
        }
        now = datetime.now(UTC)
        self.assertIsNone(presigned.refused(environ, now))
        self.assertEqual(presigned.refused(environ, now + timedelta(seconds=61)), "AccessDenied")


class RequestTest(unittest.TestCase):
    def touches(self, method: str, key: str, body: bytes = b"", **query: str) -> list[tuple[str, str]]:
        return Request(method, "b", key, {k: [v] for k, v in query.items()}, {}, body).touches()

    def test_uploads_in_parts_and_deletions_of_many(self) -> None:
        self.assertEqual(self.touches("POST", "gold/x", uploads=""), [("writes", "gold/x")])
        self.assertEqual(self.touches("DELETE", "gold/x", uploadId="1"), [("writes", "gold/x")])
        body = b"<Delete><Object><Key>gold/a</Key></Object><Object><Key>alerts/b</Key></Object></Delete>"
        self.assertEqual(self.touches("POST", "", body, delete=""), [("deletes", "gold/a"), ("deletes", "alerts/b")])
        self.assertEqual(self.touches("GET", "", prefix="runs/2026/"), [("lists", "runs/2026/")])
        self.assertEqual(self.touches("GET", ""), [("lists", "")])
