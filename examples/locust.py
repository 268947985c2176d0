"""A locustfile, run by Onrush as it was written:

  onrush run examples/locust.py -e LOCUST_HOST=http://localhost:8080 --region local:2

The shape says how many users there are and when it is over; two tasks share
them. Without a shape, say how many and how long: -c 10 -d 1m.
"""

import csv
import os

from locust import FastHttpUser, HttpUser, LoadTestShape, between, constant_pacing, tag, task

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "customers.csv"), newline="") as file:
    CUSTOMERS = list(csv.DictReader(file))


class Visitor(FastHttpUser):
    """Most users look around."""

    weight = 3
    wait_time = between(0.1, 0.4)

    @tag("read")
    @task(3)
    def front(self):
        self.client.get("/", name="front page")

    @tag("read")
    @task
    def article(self):
        number = self.environment.runner.user_count
        with self.client.get(f"/?article={number}", name="article", catch_response=True) as response:
            if len(response.content or b"") == 0:
                response.failure("an article without text")


class Customer(HttpUser):
    """Some of them come back as customers."""

    weight = 1
    wait_time = constant_pacing(0.5)

    def on_start(self):
        self.me = CUSTOMERS[int(os.environ.get("ONRUSH_TASK_INDEX", 0)) % len(CUSTOMERS)]

    @tag("write")
    @task
    def account(self):
        self.client.get("/", params=self.me, name="account")


class Day(LoadTestShape):
    """A morning, a noon and an evening, in twelve seconds."""

    hours = [(4, 4, 4), (8, 12, 8), (12, 2, 8)]

    def tick(self):
        now = self.get_run_time()
        for until, users, rate in self.hours:
            if now < until:
                return users, rate
        return None
