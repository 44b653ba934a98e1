"""Events of a site and of a shop, with all that came again."""

import shutil
from datetime import datetime, timedelta

from expected import NEAR
from raw_events import check_raw
from setting import check_lake, real_data


# What the real files lack: pauses of 30 minutes and a second more, nights and months that sessions and
# windows cross, events without a user, steps at one moment or in the wrong order, a row in both files.
HEADER = "user_id,session_id,event,timestamp,platform,acquisition_channel,user_cohort,user_lifecycle"
EDGES = """
    edge_1,edge_s1,home,2024-04-30 23:30:00
    edge_1,edge_s1,product_view,2024-05-01 00:00:00
    edge_1,edge_s1,purchase,2024-05-01 00:30:01
    edge_2,edge_s2,product_view,2024-05-01 12:00:00
    edge_2,edge_s2,add_to_cart,2024-05-01 12:50:00
    edge_3,edge_s3,purchase,2024-05-02 10:00:00
    edge_3,edge_s3,product_view,2024-05-02 10:01:00
    edge_3,edge_s3,add_to_cart,2024-05-02 10:01:00
    ,,home,2024-12-31 23:59:59
"""
# They close the pauses of two sessions that were two before.
LATER_EDGES = """
    edge_1,edge_s1,add_to_cart,2024-05-01 00:15:00
    edge_2,edge_s2,shipping_details,2024-05-01 12:25:00
    edge_2,edge_s2,product_view,2024-05-01 12:00:00
    edge_4,edge_s4,home,2025-01-01 00:01:30
    edge_4,edge_s4,home,2025-01-01 00:01:30
"""


def visit_of_days(days):
    """A visit of five days without a pause of 30 minutes, as far as it lies on these days of June 2024."""
    begin = datetime(2024, 6, 1, 23)
    times = [begin + timedelta(minutes=20 * step) for step in range(5 * 24 * 3)]
    return "\n".join(f"edge_5,edge_s5,home,{time}" for time in times if time.day in days)


def check(checks, setting):
    data = real_data(checks, "events")
    if not data:
        return
    smelt = setting.smelt("events-lake")
    site, shop = data / "bostata_snowplow_2020.jsonl.gz", data / "ecom.csv.gz"
    folder = setting.folder("events")
    again = [shutil.copyfile(file, folder / f"again-{file.name}") for file in (site, shop)]
    edges = [
        written(EDGES + visit_of_days({1, 2, 3, 5, 6}), folder / "edges.csv"),
        written(LATER_EDGES + visit_of_days({4}), folder / "later-edges.csv"),
    ]
    for files in ([shop, edges[0]], [site, again[1]], [edges[1], *again]):
        smelt.ingest("events", *files)
        smelt.run("refresh", "events")
    title = "events: a site and a shop, each file twice, and edge cases"
    checks.section(f"{title}, the definitions' SQL in DuckDB")
    database, balances = check_lake(checks, smelt, "events", NEAR)
    checks.section(f"{title}, computed from the raw files by DuckDB alone")
    check_raw(checks, database, smelt.lake, balances["events"], site, [shop, *edges])


def written(rows, file):
    lines = [f"{row.strip()},mobile,email,2024-01,new" for row in rows.strip().splitlines()]
    file.write_text("\n".join([HEADER, *lines]) + "\n")
    return file
