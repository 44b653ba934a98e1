"""A schedule trains a model, and it is asked what it says of rows."""

from ..caller import Caller
from ..checks import Checks
from ..cloud import Cloud
from ..credentials import bearer
from ..purchases import CHEAP, DEAR, Purchases

PREDICT = "/v1/models/dear_purchases/predict"


def run(checks: Checks, cloud: Cloud, bought: Purchases) -> None:
    checks.section("Models: a schedule trains one, and it is asked")
    caller = Caller(cloud, bearer("reader"))
    rows = [{"vendor": vendor, "item": item} for item, vendor in (CHEAP | DEAR).items()]
    checks.equal("before, there is nothing to ask", caller.ask("POST", PREDICT, {"rows": rows}).status, 400)
    # The second one, a day later, finds nothing that is due.
    for _ in range(2):
        checks.equal("train-office fires without an error", cloud.fire("train-office").error, None)
    found = [
        (it["stage"], it["card"]["model"], it["card"]["version"], it["card"]["learnt_from"])
        for it in caller.get("/v1/models?dataset=office")["models"]
    ]
    checks.equal("one version is in production, learnt from all rows", found,
                 [("production", "dear_purchases", 1, len(bought))])
    for name in ("dear_purchases", "office.dear_purchases"):
        answer = caller.ask("POST", f"/v1/models/{name}/predict", {"rows": rows})
        checks.equal(f"{name} answers", answer.status, 200)
        said = answer.json
        checks.equal("by this version", [said[name] for name in ("dataset", "model", "version")],
                     ["office", "dear_purchases", 1])
        checks.equal("row by row", [{name: row[name] for name in ("vendor", "item")} for row in said["rows"]], rows)
        checks.equal("what is dear is told apart", [row["item"] for row in said["rows"] if row["is_high"]], list(DEAR))
        odd = [f"{row}" for row in said["rows"] if row["is_high"] != (0.5 <= row["probability"] <= 1)]
        checks.check("with how probable it is", odd + [f"{row}" for row in said["rows"] if row["probability"] < 0])
    refused = [{"rows": [{"vendor": "Bean", "colour": "red"}]}, {"rows": []}, {"rows": rows * 201}]
    checks.equal("what it does not know is refused", [caller.ask("POST", PREDICT, it).status for it in refused],
                 [400, 400, 413])
