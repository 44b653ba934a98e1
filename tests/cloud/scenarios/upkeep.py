"""The daily schedule: a lost wake-up is made good, small files are put together, and what is old is deleted.

Nothing here can be ten days old, so the server is told that it is.
"""

import json
from datetime import timedelta
from pathlib import Path

from moto.s3.models import s3_backends

from .. import lake, told
from ..checks import Checks
from ..cloud import Cloud
from ..lambda_service import ACCOUNT
from ..state import api, balanced

AGE = timedelta(days=10)
ADDED = 10
LOST = "landing/nyc311/requests/nobody was told.csv"
REFUSED = "landing/nyc311/requests/of something else.csv"
LANDED_AND_GONE = "landing/llm_usage/users/users.csv"


def run(checks: Checks, cloud: Cloud, folder: Path) -> None:
    checks.section("Upkeep and training by schedule: maintain, train, alert")
    told.messages(cloud)
    before = counted(cloud)
    lose_a_wake_up(cloud)
    orphans, newest = leave_orphans(cloud)
    forgotten = forget_an_upload(cloud)
    make_old(cloud)
    files = cloud.objects()
    for function in ("maintain", "train", "alert"):
        failed = [f"{name}: {result.error}" for name in cloud.schedules(f"{function}-")
                  if (result := cloud.fire(name)).error]
        checks.check(f"the schedules of {function} fire without an error", failed)
    cloud.settle()
    after = cloud.objects()
    checks.equal("a file whose wake-up was lost is taken in", counted(cloud) - before, ADDED)
    found = told.messages(cloud)
    checks.equal("one that is refused is told of", told.summary(found), [("refused", "nyc311")])
    deleted = files.keys() - after.keys()
    checks.equal("reports of maintain tell all that was deleted", told_deletions(cloud, after.keys() - files.keys()),
                 len(deleted))
    checks.check("old files that no table names are deleted", sorted(set(orphans) - deleted))
    checks.check("a snapshot that was replaced only now stays", [newest] if newest in deleted else [])
    checks.check("the record of an upload that is gone is deleted", [forgotten] if forgotten in after else [])
    is_cut = any("_delta_log/" in key for key in deleted)
    checks.check("logs are cut below a checkpoint", [] if is_cut else ["none was"])
    compacted = [key for key in after if key.startswith("bronze/") and "/compacted-" in key]
    checks.check("small files of bronze are put together", [] if compacted else ["none were"])
    kept = [key for key in deleted if key.startswith(("landing/", "runs/", "failures/"))]
    checks.check("nothing that was uploaded or reported is deleted by anyone", kept)
    lake.download(cloud, folder, ("gold/", "published/"))
    marts = lake.gold(folder)
    checks.check("what is published is gold row for row", lake.differences(lake.published(folder), marts))
    balanced(checks, cloud)


def told_deletions(cloud: Cloud, new: set[str]) -> int:
    """Files that were deleted by what the reports among new objects say."""
    reports = [json.loads(cloud.read(key)) for key in new if key.startswith("runs/") and key.endswith(".json")]
    return sum(step["files_removed"] for report in reports for step in report["steps"] if step["stage"] == "vacuum")


def counted(cloud: Cloud) -> int:
    """Requests in silver."""
    tables = api(cloud, "/v1/status")["nyc311"]["tables"]
    [rows] = [table["rows"] for table in tables if table["table"] == "silver/nyc311/requests"]
    return rows


def lose_a_wake_up(cloud: Cloud) -> None:
    """Puts a file of which no queue is told."""
    rows = "".join(f"{9_000_000 + n},2026-11-0{n % 9 + 1}T10:00:00,BRONX\n" for n in range(ADDED))
    told = cloud.s3.get_bucket_notification_configuration(Bucket=cloud.bucket)
    told.pop("ResponseMetadata")
    cloud.s3.put_bucket_notification_configuration(Bucket=cloud.bucket, NotificationConfiguration={})
    cloud.drop(LOST, f"unique_key,created_date,borough\n{rows}".encode())
    cloud.drop(REFUSED, b"colour,shape\nred,round\n")
    cloud.s3.put_bucket_notification_configuration(Bucket=cloud.bucket, NotificationConfiguration=told)


def leave_orphans(cloud: Cloud) -> tuple[list[str], str]:
    """What a writer leaves that was killed before its commit: a file in every table; and old snapshots, of which
    the last has not been replaced yet."""
    tables = {key.partition("/_delta_log/")[0] for key in cloud.objects() if "/_delta_log/" in key}
    orphans = [f"{table}/never-committed.parquet" for table in sorted(tables)]
    for key in orphans:
        cloud.drop(key, b"PAR1")
    pointers = [key for key in cloud.objects("published/nyc311/") if key.endswith("/latest.json")]
    version = json.loads(cloud.read(pointers[0]))["version"]
    # The first was replaced when the second was written; the second will be by what is published next.
    replaced, newest = (pointers[0].replace("latest.json", f"{version + n}.parquet") for n in (1000, 1001))
    for key in (replaced, newest):
        cloud.drop(key, b"PAR1")
    return [*orphans, replaced], newest


def forget_an_upload(cloud: Cloud) -> str:
    """Deletes a landed file; returns the key of its record."""
    cloud.s3.delete_object(Bucket=cloud.bucket, Key=LANDED_AND_GONE)
    [record] = cloud.objects("uploads/llm_usage/users/")
    return record


def make_old(cloud: Cloud) -> None:
    backend = s3_backends[ACCOUNT]["aws"]
    for key in list(backend.buckets[cloud.bucket].keys.values()):
        key.last_modified -= AGE
