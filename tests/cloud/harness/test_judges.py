"""What judges a run: logs, messages, rights, marts. Each has to find what is wrong."""

import json
import tempfile
import unittest
from pathlib import Path

from .. import lake, rights, terraform, told
from ..logs import problem_of

METRIC = {
    "_aws": {"Timestamp": 1, "CloudWatchMetrics": [
        {"Namespace": "smelt", "Dimensions": [["function"]], "Metrics": [{"Name": "RowsIn", "Unit": "Count"}]}
    ]},
    "function": "silver", "RowsIn": 3,
}


class LogsTest(unittest.TestCase):
    def problem(self, line: object, *secrets: str) -> str | None:
        return problem_of(line if isinstance(line, str) else json.dumps(line), secrets)[0]

    def test_what_is_right_passes(self) -> None:
        self.assertIsNone(self.problem(METRIC))
        self.assertIsNone(self.problem({"level": "INFO", "message": "x"}, "hidden"))

    def test_what_is_wrong_is_found(self) -> None:
        self.assertEqual(self.problem("thread 'main' panicked"), "no JSON")
        self.assertEqual(self.problem("[1]"), "no JSON object")
        self.assertEqual(self.problem({"message": "x"}), "no level")
        self.assertEqual(self.problem({"level": "INFO", "message": "hidden"}, "hidden"), "a secret is in the log")
        self.assertEqual(self.problem({**METRIC, "RowsIn": None}), "metric RowsIn has no value")
        self.assertEqual(self.problem({**METRIC, "function": 1}), "dimension function has no value")
        self.assertEqual(self.problem({**METRIC, "_aws": {}}), "a metric without a time")


class ToldTest(unittest.TestCase):
    def message(self, subject: str = "s", **other: str) -> told.Message:
        alert = {"alert_id": "a", "severity": "info", "dataset": "d", "kind": "stale"}
        return told.Message(subject, f"text\n\n---\n{json.dumps({**alert, **other})}\n", alert)

    def test_what_is_wrong_is_found(self) -> None:
        self.assertEqual(self.message().problems(), [])
        self.assertEqual(self.message("x" * 101).problems(), ["a subject of 101 characters"])
        self.assertEqual(len(self.message("a\nb").problems()), 1)
        self.assertEqual(len(self.message("Zürich").problems()), 1)
        self.assertEqual(self.message(kind="failure").problems(), ["kind differs in text and attributes"])
        self.assertEqual(told.Message("s", "no JSON", self.message().attributes).problems(), ["no JSON at its end"])
        long = told.Message("s", "x" * told.MESSAGE_BYTES + self.message().text, self.message().attributes)
        self.assertEqual(len(long.problems()), 1)

    def test_twice_is_found(self) -> None:
        self.assertEqual(told.twice([self.message()]), [])
        self.assertEqual(told.twice([self.message(), self.message()]), ["a was told 2 times"])


class RightsTest(unittest.TestCase):
    def test_functions_are_read_from_terraform(self) -> None:
        found = terraform.functions()
        self.assertEqual(set(found), {"ingest", "silver", "gold", "train", "alert", "api", "maintain"})
        self.assertEqual(found["silver"].wakes, (("bronze/", ".json"),))
        self.assertEqual(len(found["alert"].wakes), 2)
        self.assertEqual(found["ingest"].environment, {"SMELT_SECRETS"})
        self.assertTrue(found["alert"].publishes)
        self.assertEqual(found["ingest"].secrets, {"sources"})
        self.assertEqual(found["api"].sends, {"ingest", "silver", "gold"})
        self.assertTrue(found["silver"].may("lists", "runs") and not found["silver"].may("reads", "runs"))
        self.assertEqual(set(terraform.scheduled_per_dataset()), {"train", "maintain", "alert"})
        self.assertEqual(terraform.scheduled_report(), ("train", "last_month"))
        self.assertEqual(terraform.number("queues.tf", "maxReceiveCount"), 10)

    def test_more_and_less_than_was_recorded_is_found(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            recorded = Path(folder) / "touched.json"
            recorded.write_text(json.dumps({"silver": {"reads": ["bronze", "silver"]}}))
            self.assertEqual(rights.differences({"silver": {"reads": ["bronze", "silver"]}}, recorded), [])
            self.assertEqual(
                rights.differences({"silver": {"reads": ["bronze", "gold"]}}, recorded),
                ["silver reads gold/, which is not recorded", "silver reads silver/ no more"],
            )

    def test_rights_that_nobody_used_are_found(self) -> None:
        used = {
            name: {kind: sorted(getattr(declared, kind)) for kind in ("reads", "writes", "deletes")}
            for name, declared in terraform.functions().items()
        }
        asked = {name: rights.granted(declared) for name, declared in terraform.functions().items()}
        self.assertEqual(len(rights.not_used(used, asked)), len(rights.UNUSED), "every reason is out of date")
        asked["maintain"].remove("secretsmanager")
        self.assertEqual(rights.not_used(used, asked), [])
        used["silver"]["reads"].remove("bronze")
        asked["alert"].remove("sns")
        self.assertEqual(len(rights.not_used(used, asked)), 2)


class MartsTest(unittest.TestCase):
    def test_every_difference_is_found(self) -> None:
        columns = [("n", "BIGINT")]
        marts = {"d/m": (columns, [(1,), (2,)])}
        self.assertEqual(lake.differences(marts, marts), [])
        self.assertEqual(lake.differences({}, marts), ["d/m is missing"])
        self.assertEqual(lake.differences(marts, {}), ["d/m is not expected"])
        self.assertIn("columns", lake.differences({"d/m": ([("n", "INTEGER")], [(1,), (2,)])}, marts)[0])
        self.assertIn("(3,) instead of (2,)", lake.differences({"d/m": (columns, [(1,), (3,)])}, marts)[0])
        self.assertIn("1 instead of 2 rows", lake.differences({"d/m": (columns, [(1,)])}, marts)[0])
