import http.client
import tempfile
import unittest
from pathlib import Path

from ..lambda_service import Function
from ..logs import LogBook
from ..runtime_api import Answer, Invocation, RuntimeApi
from ..terraform import functions
from .fakes import program


class MailboxTest(unittest.TestCase):
    def setUp(self) -> None:
        self.api = RuntimeApi()
        self.addCleanup(self.api.close)
        self.mailbox, self.address = self.api.open("box")

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        host, _, start = self.address.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host)
        self.addCleanup(connection.close)
        connection.request(method, f"/{start}/2018-06-01/runtime/{path}", body, headers)
        return connection.getresponse()

    def test_an_event_is_handed_over_with_its_headers_and_answered(self) -> None:
        self.mailbox.put(Invocation("r1", 1234, "arn", "Root=1", {"a": 1}))
        answer = self.ask("GET", "invocation/next")
        self.assertEqual(answer.read(), b'{"a": 1}')
        self.assertEqual(answer.headers["Lambda-Runtime-Aws-Request-Id"], "r1")
        self.assertEqual(answer.headers["Lambda-Runtime-Deadline-Ms"], "1234")
        self.assertEqual(answer.headers["Lambda-Runtime-Trace-Id"], "Root=1")
        self.assertEqual(self.ask("POST", "invocation/r1/response", b'{"b": 2}').status, 202)
        self.assertEqual(self.mailbox.wait(1), Answer(payload={"b": 2}))

    def test_an_answer_to_something_else_is_refused(self) -> None:
        self.mailbox.put(Invocation("r1", 1, "arn", "", None))
        self.ask("GET", "invocation/next").read()
        self.assertEqual(self.ask("POST", "invocation/r0/response", b"1").status, 400)
        self.assertIsNone(self.mailbox.wait(0.01))
        self.ask("POST", "invocation/r1/error", b'{"errorType": "X"}')
        self.assertEqual(self.mailbox.wait(1), Answer(error={"errorType": "X"}))
        self.assertEqual(self.ask("POST", "invocation/r1/response", b"1").status, 400, "answered twice")

    def test_an_answer_may_come_in_chunks(self) -> None:
        self.mailbox.put(Invocation("r1", 1, "arn", "", None))
        self.ask("GET", "invocation/next").read()
        body = b"3\r\n[1,\r\n3\r\n 2]\r\n0\r\n\r\n"
        self.ask("POST", "invocation/r1/response", body, **{"Transfer-Encoding": "chunked"})
        self.assertEqual(self.mailbox.wait(1), Answer(payload=[1, 2]))

    def test_one_at_a_time(self) -> None:
        self.mailbox.put(Invocation("r1", 1, "arn", "", None))
        with self.assertRaises(RuntimeError):
            self.mailbox.put(Invocation("r2", 1, "arn", "", None))

    def test_who_waits_is_told_of_the_end(self) -> None:
        self.mailbox.close()
        self.assertIsNone(self.mailbox.wait(60))
        self.assertIsNone(self.mailbox.next())


class FunctionTest(unittest.TestCase):
    def function(self, body: str, timeout: float = 30.0) -> Function:
        scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))
        api = RuntimeApi()
        self.addCleanup(api.close)
        binary = program(scratch, "silver", body)
        environment = {"AWS_REGION": "eu-central-1"}
        function = Function(functions()["silver"], binary, environment, api, scratch, LogBook(), timeout)
        self.addCleanup(function.end)
        return function

    def test_a_sandbox_is_used_again_and_only_the_first_time_is_cold(self) -> None:
        function = self.function("return os.getpid()")
        first, second = function.invoke({}), function.invoke({})
        self.assertEqual(first.answer.payload, second.answer.payload)
        self.assertGreater(first.init_ms, 0)
        self.assertIsNone(second.init_ms)
        self.assertEqual(function.bill.counts["invocations"], 2)

    def test_an_error_is_an_error_and_the_sandbox_lives(self) -> None:
        function = self.function('raise ValueError("no")')
        result = function.invoke({})
        self.assertEqual(result.error, {"errorType": "ValueError", "errorMessage": "no"})
        self.assertFalse(result.is_dead)

    def test_who_exits_is_replaced(self) -> None:
        function = self.function("os._exit(1) if event else None\nreturn os.getpid()")
        self.assertEqual(function.invoke({"exit": 1}).error, {"errorType": "Runtime.ExitError"})
        self.assertIsNone(function.invoke({}).error)
        self.assertEqual(len(function.bill.init_ms), 2)

    def test_who_takes_too_long_is_killed(self) -> None:
        function = self.function("time.sleep(60)", timeout=0.3)
        result = function.invoke({})
        self.assertEqual(result.error, {"errorType": "Sandbox.Timedout"})
        self.assertIsNotNone(function.all[0].process.poll())

    def test_what_is_killed_fails(self) -> None:
        function = self.function("time.sleep(60)")
        result = function.invoke({}, lambda sandbox: sandbox.process.kill())
        self.assertEqual(result.error, {"errorType": "Runtime.ExitError"})
