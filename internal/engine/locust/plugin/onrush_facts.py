"""Writes down what a script says of itself, and ends before it does anything.

Locust loads this file before the script; its listener of init is the first one
and ends Locust, so that of the script only the import has run.
"""

import inspect
import json
import os
import sys

from locust import __version__, events
from locust.argument_parser import get_parser
from locust.user.task import TaskSet

OUTPUT = os.environ["ONRUSH_FACTS"]
MOST_TICKS = 24 * 3600
MOST_STAGES = 12


@events.init.add_listener
def write(environment, **_):
    options = environment.parsed_options
    facts = {
        "version": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "users": options.num_users,
        "rate": options.spawn_rate,
        "run_time": options.run_time,
        "stop_timeout": options.stop_timeout,
        "host": options.host,
        "tags": options.tags,
        "exclude_tags": options.exclude_tags,
        "processes": options.processes,
        "distributed": bool(options.master or options.worker),
        "reset_stats": options.reset_stats,
        "classes": [class_facts(c) for c in environment.user_classes],
        "shape": shape_facts(environment.shape_class),
        "arguments": own_arguments(),
    }
    with open(OUTPUT, "w", encoding="utf-8") as file:
        json.dump(facts, file, default=str)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # nothing of the script's own is to run at the exit


def class_facts(user_class):
    tasks = {}
    for task in user_class.tasks:
        tasks[task] = tasks.get(task, 0) + 1
    return {
        "name": user_class.__name__,
        "base": next((b.__name__ for b in user_class.__mro__[1:] if b.__module__.startswith("locust.")), "User"),
        "weight": user_class.weight,
        "fixed": user_class.fixed_count,
        "host": user_class.host,
        "wait": wait_text(user_class.__dict__.get("wait_time") or user_class.wait_time),
        "tasks": [
            {"name": task.__name__, "ratio": count / len(user_class.tasks), "tags": tags_of(task)}
            for task, count in tasks.items()
        ],
    }


def tags_of(task):
    tags = set(getattr(task, "locust_tag_set", ()))
    if inspect.isclass(task) and issubclass(task, TaskSet):
        for inner in task.tasks:
            tags.update(tags_of(inner))
    return sorted(tags)


def wait_text(wait):
    """How long users wait, as the script writes it: "between(1, 5)"."""
    wait = getattr(wait, "__func__", wait)
    name = getattr(wait, "__qualname__", "").split(".")[0]
    cells = getattr(wait, "__closure__", None)
    if cells is None or getattr(wait, "__module__", "") != "locust.user.wait_time":
        return "a function of its own"
    values = dict(zip(wait.__code__.co_freevars, (cell.cell_contents for cell in cells)))
    ordered = [values[n] for n in ("min_wait", "max_wait", "wait_time") if n in values]
    return f"{name}({', '.join(str(v) for v in ordered)})"


def shape_facts(shape):
    """What a shape asks for over time: its own answers, at instants that are
    handed to it."""
    if shape is None:
        return None
    facts = {"name": type(shape).__name__, "users": 0, "duration": 0, "ends": False, "stages": [], "error": ""}
    now, users = 0, 0
    shape.get_run_time = lambda: now
    shape.get_current_user_count = lambda: users
    last = None
    try:
        for now in range(MOST_TICKS):
            tick = shape.tick()
            if tick is None:
                facts["duration"], facts["ends"] = now, True
                break
            users = int(tick[0])
            facts["users"] = max(facts["users"], users)
            if tick != last and len(facts["stages"]) < MOST_STAGES:
                facts["stages"].append({"at": now, "users": users, "rate": tick[1]})
            last = tick
    except Exception as e:  # it needs a running Locust
        facts["error"] = f"{type(e).__name__}: {e}"
    return facts


def own_arguments():
    """The arguments that the script adds to Locust's."""
    known = set(action.dest for action in get_parser_of_locust()._actions)
    return [
        {"name": (action.option_strings or [action.dest])[-1], "env": getattr(action, "env_var", None), "default": action.default}
        for action in get_parser()._actions
        if action.dest not in known
    ]


def get_parser_of_locust():
    from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

    parser = get_empty_argument_parser()
    setup_parser_arguments(parser)
    return parser
