"""Lets Locust wait at the start until the agent says go.

Locust loads this file after the script, so that its listener of init is the
last one: whatever the script sets up there is done before the barrier.
"""

import sys

from locust import events
from locust.runners import LocalRunner


@events.init.add_listener
def hold(environment, runner, **_):
    if not isinstance(runner, LocalRunner):
        sys.stderr.write(
            "the script's configuration makes Locust a master or a worker (master, worker), "
            "and a task is a whole Locust: leave that out\n"
        )
        sys.exit(1)
    sys.modules["onrush_locust"].TOOLS.wait(environment)
