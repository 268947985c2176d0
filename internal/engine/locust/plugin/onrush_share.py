"""Makes this Locust its share of the whole run's users, and names' addresses.

Locust is told the whole run's numbers, as the script says them; the dispatcher
here brings only those users to life that are this task's. Which of the run's
users these are, load.Share says; Stripe is the same in Python, and a test
compares the two.
"""

import math
import time

import gevent
from locust.dispatch import UsersDispatcher, _kl_generator


class Stripe:
    """The units of the whole that are this task's. See internal/load/stripe.go."""

    def __init__(self, groups, group, index):
        self.groups, self.group, self.index = groups, group, index

    def at(self, j):
        """The number, in the whole run, of this task's j-th unit; None: there is none."""
        weight = self.groups[self.group]["weight"]
        if not weight:
            return None
        odd, before = 2 * j + 1, self.index
        for number, group in enumerate(self.groups):
            if not group["weight"] or group["tasks"] <= 0:
                continue
            largest = (odd * group["weight"] - (0 if number < self.group else 1)) // weight
            before += (largest + 1) // 2 * group["tasks"]
        return before

    def count(self, n):
        """How many of the first n units are this task's."""
        if not self.groups[self.group]["weight"]:
            return 0
        low, high = 0, n
        while low < high:
            middle = (low + high) // 2
            if self.at(middle) >= n:
                high = middle
            else:
                low = middle + 1
        return low


AT_ONCE = 100  # users a second: as fast as Locust goes without a warning


def classes_of(user_classes):
    """The class of every user of the whole run, in Locust's own order: users of
    a fixed count first, then by weight."""
    fixed = [(u.__name__, u.fixed_count) for u in user_classes if u.fixed_count]
    generator = _kl_generator(fixed)
    for _ in range(sum(count for _, count in fixed)):
        yield next(generator)
    yield from _kl_generator([(u.__name__, u.weight) for u in user_classes if not u.fixed_count])


class Dispatcher(UsersDispatcher):
    """Locust's dispatcher for a part of the users. User n of the whole run is of
    the class, and begins at the time, that a single Locust would give it."""

    stripe = None
    smooth = False  # users of a ramp begin one by one, not in Locust's steps of a second

    def __init__(self, worker_nodes, user_classes):
        super().__init__(worker_nodes, user_classes)
        self.whole = 0  # users of the whole run, up to where this one has come
        self.shift = 0  # of our users, those that were there before the classes changed
        self.names()

    def names(self):
        self.sequence, self.known = classes_of(self._user_classes), []

    def new_dispatch(self, target_user_count, spawn_rate, user_classes=None):
        before = self._user_classes
        super().new_dispatch(target_user_count, spawn_rate, user_classes)
        if self._user_classes is not before:
            self.shift = len(self._active_users)
            self.names()
        self.wanted = target_user_count
        self._target_user_count = self.stripe.count(target_user_count)

    def _dispatcher(self):
        self._dispatch_in_progress = True
        step = max(1, math.floor(self._spawn_rate / (20 if self.smooth and self._spawn_rate < AT_ONCE else 1)))
        wait, begin, steps = step / self._spawn_rate, time.perf_counter(), 0
        moved = False
        while self.whole != self.wanted:
            if steps:
                gevent.sleep(max(0.0, begin + steps * wait - time.perf_counter()))
            steps += 1
            if self.whole < self.wanted:
                self.whole = min(self.whole + step, self.wanted)
            else:
                self.whole = max(self.whole - step, self.wanted)
            if self.settle(self.stripe.count(self.whole)):
                moved = True
                yield self._users_on_workers
        if not moved:
            yield self._users_on_workers
        self._dispatch_in_progress = False

    def settle(self, count):
        """Brings the users to a number, and says whether that changed anything."""
        node, before = self._worker_nodes[0], self._current_user_count
        while self._current_user_count < count:
            name = self.class_of(len(self._active_users) - self.shift)
            if name is None:  # every class has its fixed count
                break
            self._users_on_workers[node.id][name] += 1
            self._current_user_count += 1
            self._active_users.append((node, name))
        while self._current_user_count > count and self._active_users:
            node, name = self._active_users.pop()
            self._users_on_workers[node.id][name] -= 1
            self._current_user_count -= 1
        self.shift = min(self.shift, len(self._active_users))
        return self._current_user_count != before

    def class_of(self, mine):
        at = self.stripe.at(mine)
        while len(self.known) <= at:
            self.known.append(next(self.sequence))
        return self.known[at]


WHOLE = {"groups": [{"tasks": 1, "weight": 1}], "group": 0, "index": 0}


def share(environment, share, smooth):
    """Gives an environment a dispatcher for its share."""
    share = share or WHOLE
    stripe = Stripe(share["groups"], share["group"], share["index"])
    environment.dispatcher_class = type("Dispatcher", (Dispatcher,), {"stripe": stripe, "smooth": smooth})


def resolve(hosts):
    """Answers names with the scenario's addresses instead of asking DNS."""
    if not hosts:
        return
    hub = gevent.get_hub()
    inner = hub.resolver

    class Resolver:
        def getaddrinfo(self, host, port, *args, **kwargs):
            name = host.decode() if isinstance(host, bytes) else host
            to = hosts.get(name)
            if to:
                host, port = to["ip"], to.get("port") or port
            return inner.getaddrinfo(host, port, *args, **kwargs)

        def gethostbyname(self, name):
            return hosts[name]["ip"] if name in hosts else inner.gethostbyname(name)

        def __getattr__(self, name):
            return getattr(inner, name)

    hub.resolver = Resolver()
