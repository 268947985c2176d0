"""The address that tests speak to: AWS's API, and /moto-live to steer and to look.

    GET  /moto-live                    who this is
    POST /moto-live/faults             {"match": {...}, "error": ...}: see faults.py; answers {"id": n}
    GET, DELETE /moto-live/faults      what is set; ?id=n or match as query parameters
    POST /moto-live/quota              {"region", "code", "value"}
    POST /moto-live/images             {"image", "command"}: the program that an image runs
    GET  /moto-live/calls              the record; ?since=n&service=&action=&key=&principal=
    GET  /moto-live/tasks              all tasks; ?region=&cluster=&run=, with their processes' ids
    POST /moto-live/kill               {"task": id or ARN}: its processes, by SIGKILL
    GET  /moto-live/inventory          what the account of a key has in a region; ?region=&key=
    PUT  /moto-live/answers            what functions of custom resources answer; ?id=
    POST /moto-live/end                {"cluster": name}: all its tasks, by SIGKILL
    POST /moto-live/interrupt          {"task": id or ARN}: Spot takes it back
"""

import io
import json
import socket
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from . import calls, moto_side, process
from .calls import Call
from .cloudwatch import usage_answer
from .ecs import ACTIONS, ECS, Problem
from .faults import CALL, Faults
from .formation import Engine, inventory
from .formation.aws import AWS
from .quotas import FARGATE, Quotas
from .record import Record

Respond = Callable[..., Any]


class Hangup(Exception):
    """The connection ends without an answer."""


class Server:
    def __init__(self) -> None:
        self.faults, self.quotas, self.record = Faults(), Quotas(), Record()
        self.ecs = ECS(self.faults, self.quotas, self.record)
        self.formation = Engine()
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            if environ["PATH_INFO"].startswith("/moto-live"):
                return self._own(environ, body, respond)
            call = calls.read(environ, body)
            if not call.service or not call.action:
                return self.moto(environ, respond)
            return self._call(call, environ, respond)
        except Hangup:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError from None  # the server drops the connection
        except Exception as e:
            traceback.print_exc()
            return answer(respond, 500, {"__type": "ServerException", "message": f"{type(e).__name__}: {e}"})

    # --- AWS's API -------------------------------------------------------------

    def _call(self, call: Call, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        entry = self.record.note(call)
        fault = self.faults.take(call, CALL, **(self.ecs.seen(call) if call.action == "RunTask" else {}))
        if "slow" in fault:
            time.sleep(float(fault["slow"]))
        if "down" in fault:
            entry["error"] = "down"
            raise Hangup
        if "error" in fault:
            entry["error"] = fault["error"]
            return refuse(respond, call, fault["error"], fault.get("message", "Rate exceeded"), int(fault.get("status", 400)), {})
        try:
            result = self._answer(call)
        except Problem as problem:
            entry["error"] = problem.kind
            return refuse(respond, call, problem.kind, problem.message, 400, problem.more)
        if result is None:
            result_iter = self.moto(environ, respond if "lose" not in fault else lambda *a, **k: None)
        if "lose" in fault:
            raise Hangup
        if result is None:
            return result_iter
        if isinstance(result, str):
            return send(respond, 200, "text/xml", result.encode())
        return answer(respond, 200, result)

    def _answer(self, call: Call) -> Any:
        """What this package answers by itself; None: moto does."""
        if call.service == "ecs" and call.action in ACTIONS:
            return self.ecs.answer(call)
        account, _ = moto_side.principal(call.key)
        if call.service == "cloudformation":
            return self.formation.answer(call, account)
        if call.service == "ecs" and call.action == "DeleteCluster" and self.ecs.active_in(account, call.region, call.cluster):
            raise Problem("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        if call.service == "servicequotas" and call.body.get("ServiceCode") == "fargate":
            if call.action in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
                if call.body.get("QuotaCode") not in FARGATE:
                    raise Problem("NoSuchResourceException", "The request failed because the specified service quota does not exist.")
                return {"Quota": self.quotas.describe(call.region, call.body["QuotaCode"])}
            return {"Quotas": [self.quotas.describe(call.region, code) for code in FARGATE]}
        if call.service == "monitoring" and call.action in ("GetMetricData", "GetMetricStatistics"):
            return usage_answer(call, lambda spot: self.ecs.usage(account, call.region, spot))
        return None

    # --- /moto-live ---------------------------------------------------------------

    def _own(self, environ: dict[str, Any], body: bytes, respond: Respond) -> Iterable[bytes]:
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/moto-live").strip("/")
        try:
            result = self._steer(method, path, query, json.loads(body or b"{}"))
        except (KeyError, ValueError) as e:
            return answer(respond, 400, {"error": f"{type(e).__name__}: {e}"})
        if result is None:
            return answer(respond, 404, {"error": f"{method} {path} is not known here"})
        return answer(respond, 200, result)

    def _steer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        head, _, rest = path.partition("/")
        if head in ("metadata", "credentials"):
            return self._for_task(head, rest.split("/")[0])
        match method, path:
            case "GET", "":
                return {"name": "onrush-test-aws"}
            case "POST", "faults":
                return {"id": self.faults.add(body)}
            case "GET", "faults":
                return {"faults": self.faults.list()}
            case "DELETE", "faults":
                number = query.pop("id", None)
                self.faults.clear(int(number) if number else None, query)
                return {}
            case "POST", "quota":
                self.quotas.set(body["region"], body["code"], float(body["value"]))
                return {}
            case "POST", "images":
                self.ecs.images[body["image"]] = list(body["command"])
                return {}
            case "GET", "calls":
                return {"calls": self.record.since(int(query.pop("since", 0)), query)}
            case "GET", "tasks":
                return {"tasks": self._tasks(query)}
            case "POST", "kill":
                self._task(body["task"]).kill()
                return {}
            case "GET", "inventory":
                return inventory(AWS(self.ecs.endpoint, query["region"], query["key"]))
            case "PUT", "answers":
                return self.formation.functions.answer(query["id"], body)
            case "POST", "end":
                for task in self.ecs.all():
                    if task.cluster == body["cluster"]:
                        task.kill()
                        task.end("UserInitiated", "ended with its test")
                return {}
            case "POST", "interrupt":
                self._task(body["task"]).interrupt()
                return {}
        return None

    def _task(self, name: str) -> Any:
        task = self.ecs.by_id(name.split("/")[-1])
        if not task:
            raise ValueError(f"no task {name}")
        return task

    def _tasks(self, query: dict[str, str]) -> list[dict[str, Any]]:
        found = []
        marked = process.SCANNER.look()
        for task in self.ecs.all():
            tags = {t["key"]: t["value"] for t in task.tags}
            if query.get("region", task.region) != task.region or query.get("cluster", task.cluster) != task.cluster:
                continue
            if "run" in query and tags.get("onrush.run") != query["run"]:
                continue
            pids = [pid for pid, _ in marked.get(task.id, [])]
            found.append(task.describe(True) | {"pids": pids})
        return found

    def _for_task(self, what: str, task_id: str) -> Any:
        task = self._task(task_id)
        if what == "credentials":
            return moto_side.credentials(task)
        return task.describe(True) | {"TaskARN": task.arn, "Cluster": task.cluster_arn, "Family": task.family}


def refuse(respond: Respond, call: Call, kind: str, message: str, status: int, more: dict[str, Any]) -> Iterable[bytes]:
    """An error in the words of the call's protocol."""
    if call.json:
        return answer(respond, status, {"__type": kind, "message": message, "Message": message} | more)
    inner = f"<Code>{kind}</Code><Message>{message}</Message>"
    if call.service == "ec2":
        text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>0</RequestID></Response>"
    elif call.service == "s3":
        text = f"<Error>{inner}<RequestId>0</RequestId></Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>0</RequestId></ErrorResponse>"
    return send(respond, status, "text/xml", text.encode())


def answer(respond: Respond, status: int, body: Any) -> Iterable[bytes]:
    return send(respond, status, "application/x-amz-json-1.1", json.dumps(body).encode())


def send(respond: Respond, status: int, kind: str, data: bytes) -> Iterable[bytes]:
    respond(f"{status} -", [("Content-Type", kind), ("Content-Length", str(len(data)))])
    return [data]
