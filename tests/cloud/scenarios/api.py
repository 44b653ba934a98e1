"""Each event of events/api, as the gateway passes it on."""

import json

from .. import terraform
from ..checks import Checks
from ..cloud import Cloud

STATUS = {
    "dataset": 200, "datasets": 200, "health": 200, "ready": 200, "runs": 200, "status": 200, "preflight": 204,
    "openapi": 200, "mart_question": 200, "mart_as_parquet": 200, "view": 200, "upload": 201, "refresh": 202,
    "models": 200, "uploads": 200, "quarantine": 200, "unknown_upload": 404, "unknown_upload_events": 404,
    "mart_unknown_column": 400, "upload_path_traversal": 400, "upload_too_large": 413, "predict_nothing_known": 404,
    "predict_before_training": 400, "correction_of_no_row": 404, "deletion_of_no_row": 404,
    "no_route": 404, "path_traversal": 404, "path_traversal_decoded": 404, "unknown_dataset": 404,
    "runs_bad_limit": 400, "query_not_encoded": 400, "wrong_method": 405,
}


def run(checks: Checks, cloud: Cloud) -> None:
    checks.section("API: every event of events/api")
    function, wrong = cloud.functions["api"], []
    for file in sorted((terraform.PROJECT / "events" / "api").glob("*.json")):
        result = function.invoke(json.loads(file.read_text()))
        if file.stem == "malformed":
            if result.error is None or result.is_dead:
                wrong.append(f"{file.name}: answers {result.answer}")
            continue
        if result.error or result.answer.payload["statusCode"] != STATUS.get(file.stem):
            wrong.append(f"{file.name}: {result.error or result.answer.payload}")
    checks.check(f"{len(STATUS)} requests are answered as they should be, and what is none is an error", wrong)
