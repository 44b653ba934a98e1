import unittest
from types import SimpleNamespace
from typing import Any

from ..event_source import EventSource, Mishaps
from ..runtime_api import Answer
from ..sandbox import Result
from ..terraform import functions
from ..trouble import Trouble
from .fakes import Queue


class Invoked:
    """A function that answers as it is told, one answer after the other; the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.events: list[Any] = []
        self.declared = functions()["silver"]
        self.name = "silver"
        self.sandbox: Any = None

    def invoke(self, event: Any, prepare: Any = None) -> Result:
        self.events.append(event)
        if prepare and self.sandbox:
            prepare(self.sandbox)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return Result("r", answer, 1)


def failing(*names: str) -> Answer:
    return Answer(payload={"batchItemFailures": [{"itemIdentifier": name} for name in names]})


def source(queue: Queue, *answers: Answer, **mishaps: Any) -> tuple[EventSource, Invoked]:
    function = Invoked(*answers)
    found = EventSource(function, queue, "url", "arn", Trouble(), 10, Mishaps(**mishaps))
    return found, function


def turn(it: EventSource) -> None:
    if batch := it.gather():
        it.deliver(batch)


class EventSourceTest(unittest.TestCase):
    def test_what_is_named_comes_again_and_the_rest_is_deleted(self) -> None:
        queue = Queue("a", "b", "c")
        it, function = source(queue, failing("m1"), failing())
        turn(it)
        self.assertEqual(queue.deleted, ["m0", "m2"])
        turn(it)
        self.assertEqual(queue.deleted, ["m0", "m2", "m1"])
        [record] = function.events[1]["Records"]
        self.assertEqual((record["messageId"], record["body"]), ("m1", "b"))
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "2")
        self.assertEqual(record["eventSource"], "aws:sqs")
        self.assertEqual(it.problems, [])

    def test_an_error_leaves_everything(self) -> None:
        queue = Queue("a", "b")
        it, _ = source(queue, Answer(error={"errorType": "X"}))
        turn(it)
        self.assertEqual((queue.deleted, len(queue.visible)), ([], 2))

    def test_answers_that_are_none_leave_everything_and_are_noted(self) -> None:
        for answer in (Answer(payload={}), Answer(payload=None), failing("m7")):
            queue = Queue("a", "b")
            it, _ = source(queue, answer)
            turn(it)
            self.assertEqual((queue.deleted, len(it.problems)), ([], 1), answer)

    def test_a_lost_answer_lets_a_batch_come_again(self) -> None:
        queue = Queue("a", "b")
        it, function = source(queue, failing(), answer_lost=1.0)
        turn(it)
        self.assertEqual((queue.deleted, len(function.events)), ([], 1))

    def test_what_came_often_is_spared(self) -> None:
        queue = Queue("a", received=2)
        it, _ = source(queue, failing(), answer_lost=1.0, killed=1.0)
        turn(it)
        self.assertEqual(queue.deleted, ["m0"])
        self.assertEqual(it.trouble.spared["silver"], 0)

    def test_a_kill_that_did_not_come_is_to_come_again(self) -> None:
        queue = Queue("a")
        it, function = source(queue, failing(), first=("killed",))
        process = SimpleNamespace(kill=lambda: None)
        function.sandbox = SimpleNamespace(id="sandbox-1", process=process)
        turn(it)
        self.assertEqual((it.counts["killed"], it.trouble.to_kill), (0, {}))
        self.assertEqual(it.requests_before_kill(), 1, "a run may make no more")

    def test_a_message_that_comes_twice_is_deleted_once(self) -> None:
        queue = Queue("a")
        it, function = source(queue, failing(), twice=1.0)
        turn(it)
        self.assertFalse(it.is_idle(), "the copy still waits")
        turn(it)
        self.assertEqual([len(event["Records"]) for event in function.events], [1, 1])
        self.assertEqual(queue.deleted, ["m0"])
        self.assertTrue(it.is_idle())

    def test_at_once_succeeds_if_either_does(self) -> None:
        queue = Queue("a")
        it, function = source(queue, Answer(error={}), failing(), at_once=1.0)
        turn(it)
        self.assertEqual((queue.deleted, len(function.events)), (["m0"], 2))

    def test_held_back_messages_come_with_a_later_batch(self) -> None:
        queue = Queue("a", "b", "c")
        it, function = source(queue, failing(), held_back=1.0)
        for _ in range(3):
            turn(it)
        self.assertEqual(sorted(queue.deleted), ["m0", "m1", "m2"])
        self.assertGreater(len(function.events), 1)
