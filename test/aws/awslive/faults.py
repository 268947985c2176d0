"""Failures that a test asks for: which calls they hit, how often, and what they do."""

import itertools
import threading
import time
from typing import Any

from .calls import Call

# What a fault may do. The first group is about any call, the second about a
# task that RunTask makes.
CALL = ("error", "down", "lose", "slow")
TASK = ("capacity", "pull_fail", "init_fail", "never", "delay", "die_after", "lag")
MATCH = ("region", "service", "action", "key", "cluster", "provider", "subnet", "run", "task")


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: dict[int, dict[str, Any]] = {}

    def add(self, fault: dict[str, Any]) -> int:
        unknown = set(fault) - set(CALL) - set(TASK) - {"match", "times", "message", "status", "skip", "every"}
        unknown |= set(fault.get("match", {})) - set(MATCH)
        if unknown or not set(fault) & set(CALL + TASK):
            raise ValueError(f"a fault has one of {CALL + TASK}, match by {MATCH}, times, skip, every; not {sorted(unknown)}")
        fault = {"times": -1 if fault.get("down") else 1, "skip": 0, "every": 1, "match": {}} | fault
        if "down" in fault:
            fault["until"] = time.monotonic() + float(fault["down"])
        fault["seen"] = 0
        with self._lock:
            number = next(self._ids)
            self._faults[number] = fault
        return number

    def clear(self, number: int | None, match: dict[str, str]) -> None:
        with self._lock:
            for n, fault in list(self._faults.items()):
                if n == number or (match and match.items() <= fault["match"].items()):
                    del self._faults[n]

    def list(self) -> dict[int, dict[str, Any]]:
        with self._lock:
            return {n: dict(f) for n, f in self._faults.items()}

    def take(self, call: Call, kinds: tuple[str, ...], **more: Any) -> dict[str, Any]:
        """Returns the faults that hit a call now, merged into one, and counts them."""
        seen = {
            "region": call.region,
            "service": call.service,
            "action": call.action,
            "key": call.key,
            "cluster": call.cluster,
        } | more
        found: dict[str, Any] = {}
        with self._lock:
            for number, fault in list(self._faults.items()):
                if not set(kinds) & set(fault) or not hits(fault["match"], seen):
                    continue
                if fault.get("until", float("inf")) < time.monotonic():
                    del self._faults[number]
                    continue
                fault["seen"] += 1
                if fault["seen"] <= fault["skip"] or (fault["seen"] - fault["skip"] - 1) % fault["every"]:
                    continue
                found |= fault
                if fault["times"] > 0:
                    fault["times"] -= 1
                if fault["times"] == 0:
                    del self._faults[number]
        return found


def hits(match: dict[str, Any], seen: dict[str, Any]) -> bool:
    for name, want in match.items():
        got = seen.get(name)
        if got is None or (want not in got if isinstance(got, (list, set)) else str(want) != str(got)):
            return False
    return True
