"""The kinds of resources that templates here have: how each is made, changed and deleted.

make(aws, properties, place) answers with the resource's ID and its attributes.
change does a change in place and answers with the new attributes; a kind without
it, and one that answers REPLACE, is made anew, and the old one deleted after.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

REPLACE = None


@dataclass
class Place:
    """Where a resource belongs."""

    stack: str
    stack_id: str
    logical: str
    name: str  # one of its own, for kinds that need a name
    account: str


Made = tuple[str, dict[str, Any]]


@dataclass
class Kind:
    make: Callable[[Any, dict[str, Any], Place], Made]
    delete: Callable[[Any, str, dict[str, Any]], None]
    change: Callable[[Any, str, dict[str, Any], dict[str, Any], Place], dict[str, Any] | None] | None = None
    snapshot: Callable[[Any, str, Place], str] | None = None


def tags(properties: dict[str, Any], place: Place) -> list[dict[str, str]]:
    own = [{"Key": t["Key"], "Value": str(t["Value"])} for t in properties.get("Tags", [])]
    return own + [{"Key": "aws:cloudformation:stack-name", "Value": place.stack}]


def without(properties: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in properties.items() if k not in names}


def kinds() -> dict[str, Kind]:
    from . import kinds_compute, kinds_network, kinds_state

    return kinds_network.KINDS | kinds_state.KINDS | kinds_compute.KINDS
