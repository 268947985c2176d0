"""Hands what Locust measures to the agent, and lets the agent drive Locust.

Locust loads this file before the script (-f), so that it hears of every
request first. It uses Locust's public events and nothing of the script's own.
The frames are read by stream.go, the commands are written by channel.go.
"""

import atexit
import collections
import itertools
import json
import math
import os
import struct
import time

import gevent
import gevent.event
import gevent.fileobject
import gevent.lock
from locust import events
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_STOPPED, STATE_STOPPING
from locust.user.task import LOCUST_STATE_STOPPING

import onrush_cause
import onrush_share

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "onrush.json"), encoding="utf-8") as file:
    CONFIG = json.load(file)

HEADER = b"onrush-locust 1\n"
SAMPLE = struct.Struct("<BIddqHI")
PAIR = struct.Struct("<BHH")
TEXT = struct.Struct("<BBH")
USERS = struct.Struct("<BI")
READY = struct.Struct("<BI")
TOTAL = struct.Struct("<BqqiB")

MOST_NAMES = 50_000  # kept apart until the tables begin anew
MOST_ERRORS = 1_000
LONGEST_TEXT = 300
FLUSH_AT = 400  # frames
FLUSH_EVERY = 0.1  # seconds

ENDING = (STATE_CLEANUP, STATE_STOPPING, STATE_STOPPED)


class Samples:
    """Frames on their way to the agent. Frames are whole, so threads may mix."""

    def __init__(self, fd):
        os.set_inheritable(fd, False)
        self.fd = fd
        self.frames = collections.deque([HEADER])
        self.writing = gevent.lock.RLock()
        self.clear()

    def clear(self):
        self.names = {}
        self.errors = {}
        self.name_ids = itertools.count()
        self.error_ids = itertools.count(1)

    def name_of(self, request_type, name):
        if len(self.names) >= MOST_NAMES:
            self.clear()
            self.frames.append(b"C")
        kind, label = text_of(request_type), text_of(name)
        self.frames.append(PAIR.pack(ord("N"), len(kind), len(label)) + kind + label)
        self.names[(request_type, name)] = number = next(self.name_ids)
        return number

    def error_of(self, exception):
        cause, message = onrush_cause.cause_of(exception), onrush_cause.text_of(exception)
        key = (cause, message)
        number = self.errors.get(key)
        if number is None:
            if len(self.errors) >= MOST_ERRORS:  # messages with something new in each
                message, key = type(exception).__name__, (cause, type(exception).__name__)
                number = self.errors.get(key)
            if number is None:
                number = self.text("X", cause, message, next(self.error_ids))
                self.errors[key] = number
        return number

    def text(self, kind, cause, message, number=0):
        data = text_of(message)
        self.frames.append(TEXT.pack(ord(kind), cause, len(data)) + data)
        return number

    def request(
        self, request_type, name, response_time, response_length,
        exception=None, response=None, start_time=None, context=None, **_,
    ):  # fmt: skip
        number = self.names.get((request_type, name))
        if number is None:
            number = self.name_of(request_type, name)
        error = 0 if not exception else self.error_of(exception)
        now = time.time()
        latency = math.nan if response_time is None else response_time
        if start_time is not None and response_time is not None:
            now = min(now, start_time + response_time / 1000)
        status = getattr(response, "status_code", None)
        if not status and context:
            status = context.get("status_code")
        try:
            frame = SAMPLE.pack(83, number, now, latency, response_length or 0, status or 0, error)
        except (struct.error, TypeError):  # of a client that reports something else than numbers
            frame = SAMPLE.pack(83, number, now, number_of(latency), 0, 0, error)
        frames = self.frames
        frames.append(frame)
        if len(frames) >= FLUSH_AT:
            self.flush()

    def flush(self):
        """Writes all that is there; it waits when the agent is behind."""
        frames = self.frames
        with self.writing:
            data = b"".join([frames.popleft() for _ in range(len(frames))])
            view = memoryview(data)
            while view:
                view = view[os.write(self.fd, view) :]


def text_of(value):
    return str(value).encode("utf-8", "replace")[:LONGEST_TEXT]


def number_of(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


class Tools:
    """One Locust: what the agent tells it, and what it tells the agent."""

    def __init__(self):
        self.samples = Samples(CONFIG["samples"])
        self.going = gevent.event.Event()
        self.started = gevent.event.Event()
        self.environment = None
        self.hold = None  # (users, rate) instead of the shape's own
        self.paused_at = None
        self.lowered = False
        self.heal = False
        self.ending = False
        self.whole = False

    def listen(self):
        samples = self.samples
        events.request.add_listener(samples.request)
        events.user_error.add_listener(self.user_error)
        events.init.add_listener(self.init)
        events.quit.add_listener(self.quit)
        atexit.register(samples.flush)

    def user_error(self, exception, **_):
        self.samples.text("E", onrush_cause.cause_of(exception), onrush_cause.text_of(exception))

    def init(self, environment, **_):
        """Before the script's own listeners of init."""
        self.environment = environment
        # The script is what is run, not the files around it.
        environment.locustfile = os.path.basename(CONFIG["entry"])
        environment.parsed_locustfiles = [os.path.abspath(CONFIG["entry"])]
        options = environment.parsed_options
        if options:
            options.locustfile = CONFIG["entry"]
        if any(cls.__mro__[1].__name__ == "PytestUser" for cls in environment.user_classes):
            return  # users of pytest functions go on until they are ended by force
        if not environment.stop_timeout or environment.stop_timeout > CONFIG["drain"]:
            environment.stop_timeout = CONFIG["drain"]

    def wait(self, environment):
        """After the script's own listeners of init: Locust stands at the start."""
        if CONFIG.get("share") or CONFIG["smooth"]:
            onrush_share.share(environment, CONFIG.get("share"), CONFIG["smooth"])
        # After the script's own listeners: what they set up is not cut short.
        events.test_start.add_listener(lambda **_: self.started.set())
        options, shape = environment.parsed_options, environment.shape_class
        gevent.spawn(self.obey)
        gevent.spawn(self.tell)
        said = {
            "users": options.num_users, "rate": options.spawn_rate, "run_time": options.run_time,
            "shape": type(shape).__name__ if shape else "",
        }  # fmt: skip
        data = json.dumps(said).encode()
        self.samples.frames.append(READY.pack(ord("R"), len(data)) + data)
        self.samples.flush()
        self.going.wait()
        if environment.shape_class:
            self.lead(environment.shape_class)

    def go(self, users=None, rate=None, **_):
        """The barrier. With users, the scenario's load replaces the script's."""
        environment = self.environment
        if users is not None:
            options = environment.parsed_options
            options.num_users, options.spawn_rate, options.run_time = users, rate, None
            environment.shape_class = None
        self.going.set()

    def lead(self, shape):
        """Lets the agent hold the script's shape for a while."""
        tick = shape.tick

        def led():
            if self.paused_at is not None:
                return self.hold
            wish = tick()
            return wish if wish is None or self.hold is None else self.hold

        shape.tick = led

    def users(self, users, rate, **_):
        """From now on so many users in the whole run."""
        runner = self.environment.runner
        if runner.state in ENDING:
            return
        self.lowered = self.lowered or users < runner.target_user_count
        self.heal = self.lowered and users > runner.target_user_count
        self.hold = (users, rate)
        runner.start(users, rate)

    def healed(self):
        """Users that were told to end still count for Locust when others are to
        begin. Once they are gone, those that were left out begin."""
        runner = self.environment.runner
        if runner.state != STATE_RUNNING:
            return
        if any(greenlet.args and greenlet.args[0]._state == LOCUST_STATE_STOPPING for greenlet in runner.user_greenlets):
            return
        self.heal = self.lowered = False
        runner.start(*self.hold)

    def pause(self, rate, **_):
        self.paused_at = time.perf_counter()
        self.users(0, rate)

    def resume(self, users=None, rate=None, **_):
        shape = self.environment.shape_class
        if shape and self.paused_at is not None:
            shape.start_time += time.perf_counter() - self.paused_at
        self.paused_at, self.hold = None, None
        if users is not None:
            self.users(users, rate)
        elif shape and self.environment.runner.shape_last_tick is not None:
            self.environment.runner.shape_last_tick = None  # the shape's users anew

    def end(self, within, **_):
        environment = self.environment
        environment.stop_timeout = min(environment.stop_timeout, within)
        if not self.ending:
            self.ending = True
            gevent.spawn(environment.runner.quit)
        elif within <= 0:  # those that still finish what they are at
            environment.runner.user_greenlets.kill(block=False)

    def obey(self):
        commands = {
            "go": self.go, "users": self.users, "pause": self.pause, "resume": self.resume, "end": self.end,
        }  # fmt: skip
        os.set_inheritable(CONFIG["control"], False)
        with gevent.fileobject.FileObject(CONFIG["control"], "rb") as control:
            for line in control:
                command = json.loads(line)
                commands[command.pop("do")](**command)
                self.started.wait()

    def tell(self):
        """How many users there are, and what waits to be sent."""
        told = -1
        while True:
            count = self.environment.runner.user_count
            if count != told:
                told = count
                self.samples.frames.append(USERS.pack(ord("U"), count))
            self.samples.flush()
            if self.heal and self.hold:
                self.healed()
            gevent.sleep(FLUSH_EVERY)

    def quit(self, exit_code, **_):
        """The very end: Locust's own totals, and what the script says of the exit."""
        if self.whole or self.environment is None:
            return
        self.whole = True
        total = self.environment.stats.total
        options = self.environment.parsed_options
        comparable = not (options and options.reset_stats)
        code = self.environment.process_exit_code
        said = code is not None
        self.samples.frames.append(
            TOTAL.pack(ord("T"), total.num_requests, total.num_failures, code if said else 0, comparable | said << 1)
        )
        self.samples.flush()


TOOLS = Tools()
TOOLS.listen()
onrush_share.resolve(CONFIG.get("hosts") or {})
