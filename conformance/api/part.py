"""The comparisons of the API, on a demo lake: one that stays as it is, and a copy for what changes."""

import shutil

from api.access import check_access
from api.answers import check_answers
from api.bad_requests import check_bad_requests
from api.fuzz import check_fuzz
from api.server import Server
from lake import connect, table

ORDERS = 20


def check(checks, setting):
    smelt = setting.smelt("api")
    smelt.run("demo", "restaurant", "spending")
    changed = setting.smelt("api-changed")
    shutil.copytree(smelt.lake, changed.lake)
    with Server(smelt, setting.scratch) as server:
        check_answers(checks, server, smelt.lake)
        check_access(checks, server)
        check_bad_requests(checks, server, smelt.lake)
    with Server(changed, setting.scratch) as server:
        check_fuzz(checks, server, setting.scratch, keys_of_orders(changed.lake))


def keys_of_orders(lake):
    orders = table(lake, "silver", "restaurant", "orders")
    query = f"SELECT order_id FROM {orders} ORDER BY 1 LIMIT {ORDERS}"
    return [str(key) for (key,) in connect().execute(query).fetchall()]
