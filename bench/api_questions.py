"""Questions to the marts of nyc311, as a dashboard and its users ask them; seeded, no two the same."""

import datetime
import random
from urllib.parse import urlencode

SEED = 7
MARTS = "/v1/datasets/nyc311/marts"
# Of a hundred questions, how many are of which kind.
KINDS = {"series": 35, "borough_days": 15, "groups": 20, "top": 15, "page": 15}


class Questions:
    """Questions about what a lake has: its days, boroughs and types of complaints."""

    def __init__(self, days, boroughs, complaints):
        self.days = [datetime.date.fromisoformat(day) for day in days]
        self.boroughs = boroughs
        self.complaints = complaints
        self.random = random.Random(SEED)
        self.asked = set()

    def draw(self, count):
        """So many questions, none of which was drawn before."""
        drawn = []
        while len(drawn) < count:
            [kind] = self.random.choices(list(KINDS), KINDS.values())
            mart, parameters = getattr(self, kind)()
            target = f"{MARTS}/{mart}?{urlencode(parameters)}"
            if target not in self.asked:
                self.asked.add(target)
                drawn.append(target)
        return drawn

    def span(self):
        """From a day to a later one."""
        first, last = sorted(self.random.sample(self.days, 2))
        return [("date.gte", first), ("date.lte", last)]

    def series(self):
        """A line of a chart: one type in one borough."""
        of = [("borough", self.random.choice(self.boroughs))]
        of += [("complaint_type", self.random.choice(self.complaints))]
        select = [("select", "date,requests,closed"), ("limit", 1000)]
        return "daily_requests", [*of, *self.span(), *select]

    def borough_days(self):
        """Days of a borough, all columns."""
        of = [("borough", self.random.choice(self.boroughs))]
        return "borough_daily", [*of, *self.span(), ("limit", 400)]

    def groups(self):
        """A breakdown of a span of time."""
        by = self.random.choice(["borough", "complaint_type", "date.month", "date.week,borough"])
        return "daily_requests", [*self.span(), ("group", by), ("aggregate", "sum(requests),sum(closed)")]

    def top(self):
        """What came most often."""
        some = self.random.sample(self.boroughs, self.random.randint(1, len(self.boroughs)))
        of = [("borough", borough) for borough in some]
        of += [("group", "complaint_type"), ("aggregate", "sum(requests)")]
        order = [("order", "sum_requests.desc"), ("limit", self.random.choice([5, 10, 20]))]
        return "daily_requests", [*self.span(), *of, *order]

    def page(self):
        """A page of a table."""
        column = self.random.choice(["requests.desc", "date.desc", "median_resolution_hours.desc"])
        least = [("requests.gte", self.random.randint(1, 20))]
        return "daily_requests", [*self.span(), *least, ("order", column), ("limit", 50)]
