"""The calls of ECS that are about tasks. moto answers the others."""

import base64
import json
import os
import threading
import time
from typing import Any

from . import moto_side, process
from .calls import Call
from .faults import TASK, Faults
from .process import Container
from .quotas import Quotas
from .record import Record
from .tasks import Task, now

ACTIONS = ("RunTask", "StopTask", "ListTasks", "DescribeTasks")
QUOTA = "You've reached the limit on the number of vCPUs you can run concurrently"
NO_ROOM = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
# Most characters of a call's overrides, and most tasks that a description answers for.
MOST_OVERRIDES, MOST_DESCRIBED = 8192, 100
# How long AWS tells of a task that has stopped, in seconds.
KEPT = 3600


class Problem(Exception):
    """An error of the API: its type, its words, and what else its body holds."""

    def __init__(self, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.kind, self.message, self.more = kind, message, more


class ECS:
    def __init__(self, faults: Faults, quotas: Quotas, record: Record) -> None:
        self.faults, self.quotas, self.record = faults, quotas, record
        self.images: dict[str, list[str]] = {}
        self.endpoint = ""
        self._lock = threading.RLock()
        self._tasks: dict[str, Task] = {}
        self._tokens: dict[tuple[str, str, str], tuple[str, list[str]]] = {}

    def answer(self, call: Call) -> dict[str, Any]:
        account, _ = moto_side.principal(call.key)
        cluster = self._cluster(account, call)
        answers = {"RunTask": self.run, "StopTask": self._stop, "ListTasks": self._list, "DescribeTasks": self._describe}
        return answers[call.action](account, cluster, call)

    def _cluster(self, account: str, call: Call) -> str:
        clusters = moto_side.backend("ecs", account, call.region).clusters
        found = clusters.get(call.cluster)
        if not found:
            raise Problem("ClusterNotFoundException", "Cluster not found.")
        if found.status != "ACTIVE":
            raise Problem("InvalidParameterException", "The specified cluster is inactive. Specify an active cluster and try again.")
        return call.cluster

    # --- RunTask ---------------------------------------------------------------

    def run(self, account: str, cluster: str, call: Call) -> dict[str, Any]:
        body = call.body
        definition = self._definition(account, call)
        count = int(body.get("count", 1))
        check_request(body, count, definition)
        self._check_network(account, call)
        with self._lock:
            token, known = body.get("clientToken"), None
            form = json.dumps(body, sort_keys=True)
            if token:
                known = self._tokens.get((call.region, cluster, token))
            if known and known[0] != form:
                raise Problem(
                    "ConflictException",
                    "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a "
                    "different RunTask request.",
                    resourceIds=known[1],
                )
            if known:
                return {"tasks": [self._tasks[arn].describe(True) for arn in known[1]], "failures": []}
            made = self._place(account, cluster, definition, count, call)
            tasks = [t for t in made if isinstance(t, Task)]
            if token and tasks:
                self._tokens[call.region, cluster, token] = (form, [t.arn for t in tasks])
            answer = {"tasks": [t.describe(True) for t in tasks], "failures": [f for f in made if not isinstance(f, Task)]}
        for task in tasks:
            threading.Thread(target=task.run, args=(self._containers,), daemon=True).start()
        return answer

    def _definition(self, account: str, call: Call) -> Any:
        name = str(call.body.get("taskDefinition", ""))
        try:
            found = moto_side.backend("ecs", account, call.region).describe_task_definition(name)
        except Exception as e:  # moto's error of its own
            raise Problem("ClientException", "TaskDefinition not found.") from e
        if found.status != "ACTIVE":
            raise Problem("ClientException", "TaskDefinition is inactive")
        return found

    def _check_network(self, account: str, call: Call) -> None:
        network = call.body.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        for subnet in network.get("subnets", []):
            if not moto_side.subnet_exists(account, call.region, subnet):
                raise Problem("InvalidParameterException", f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)")
        for group in network.get("securityGroups", []):
            if not moto_side.group_exists(account, call.region, group):
                raise Problem("InvalidParameterException", f"Error retrieving security group information for [{group}]: The security group '{group}' does not exist (ErrorCode: InvalidGroup.NotFound)")

    def _place(self, account: str, cluster: str, definition: Any, count: int, call: Call) -> list[Any]:
        made: list[Any] = []
        seen = self.seen(call)
        for _ in range(count):
            fault = self.faults.take(call, TASK, **seen)
            if "capacity" in fault:
                made.append({"arn": f"arn:aws:ecs:{call.region}:{account}:cluster/{cluster}", "reason": fault.get("message") or NO_ROOM})
                continue
            task = Task(account, call.region, cluster, definition, call.body, fault)
            code = "L-36FBB829" if task.spot else "L-3032A538"
            used = sum(int(t.cpu) for t in self._in_use(account, call.region) if t.spot == task.spot) / 1024
            if used + int(task.cpu) / 1024 > self.quotas.get(call.region, code):
                if made:
                    made.append({"arn": task.cluster_arn, "reason": QUOTA})
                    continue
                raise Problem("ClientException", QUOTA)
            self._tasks[task.arn] = task
            made.append(task)
        return made

    def seen(self, call: Call) -> dict[str, Any]:
        """What a fault may match of a RunTask beside the call's own facts."""
        body = call.body
        providers = [item["capacityProvider"] for item in body.get("capacityProviderStrategy", [])]
        tags = {tag["key"]: tag["value"] for tag in body.get("tags", [])}
        network = body.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        return {
            "provider": providers[0] if providers else "FARGATE",
            "subnet": network.get("subnets", []),
            "run": tags.get("onrush.run"),
            "task": tags.get("onrush.task"),
        }

    def _in_use(self, account: str, region: str) -> list[Task]:
        with self._lock:
            return [t for t in self._tasks.values() if t.status != "STOPPED" and (t.account, t.region) == (account, region)]

    def usage(self, account: str, region: str, spot: bool) -> float:
        """The vCPUs that tasks hold, as the metric of AWS/Usage tells."""
        return sum(int(t.cpu) for t in self._in_use(account, region) if t.spot == spot) / 1024

    # --- containers --------------------------------------------------------------

    def _containers(self, task: Task) -> list[Container]:
        overrides = {o["name"]: o for o in task.request.get("overrides", {}).get("containerOverrides", [])}
        containers = []
        for definition in task.definition.container_definitions:
            over = overrides.get(definition["name"], {})
            moto_side.check_logs(task, definition["name"])
            self._as_execution_role(task, definition)
            env = self._environment(task, definition, over)
            command = self._command(definition, over)
            timeout = float(definition.get("stopTimeout", 30))
            containers.append(Container(definition["name"], definition.get("essential", True), command, env, timeout))
        return containers

    def _command(self, definition: dict[str, Any], over: dict[str, Any]) -> list[str]:
        image = str(definition.get("image", ""))
        args = over.get("command") or definition.get("command") or []
        entry = definition.get("entryPoint") or self._entry(image)
        if not entry and not args:
            raise moto_side.Refused(
                f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found"
            )
        return [*entry, *args]

    def _entry(self, image: str) -> list[str]:
        """The program of an image: named by a test, or the local agent for an agent's image."""
        with self._lock:
            if image in self.images:
                return self.images[image]
        agent = os.environ.get("ONRUSH_TEST_AGENT", "")
        return [agent] if agent and ("onrush-agent" in image or "onrush/agent" in image) else []

    def _environment(self, task: Task, definition: dict[str, Any], over: dict[str, Any]) -> dict[str, str]:
        env = {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": "/tmp",
            "AWS_REGION": task.region,
            "AWS_DEFAULT_REGION": task.region,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_ENDPOINT_URL": self.endpoint,
            "ECS_CONTAINER_METADATA_URI_V4": f"{self.endpoint}/moto-live/metadata/{task.id}",
            process.MARK: task.id,
            process.CONTAINER: definition["name"],
        }
        if getattr(task.definition, "task_role_arn", None):
            env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{self.endpoint}/moto-live/credentials/{task.id}"
        for item in definition.get("environment", []) + over.get("environment", []):
            env[item["name"]] = str(item["value"])
        for item in definition.get("secrets", []):
            env[item["name"]] = moto_side.secret(task, item["valueFrom"])
        return env

    def _as_execution_role(self, task: Task, definition: dict[str, Any]) -> None:
        """Notes what Fargate itself calls with the execution role before a container starts."""
        role = getattr(task.definition, "execution_role_arn", None) or ""
        if role and not moto_side.role_exists(task.account, role):
            raise moto_side.Refused(
                f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being passed has "
                "the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
            )
        note = self.record.note_implied
        image = str(definition.get("image", ""))
        if ".dkr.ecr." in image:
            repository = image.split("/", 1)[-1].split("@")[0].split(":")[0]
            host = image.split(".")
            arn = f"arn:aws:ecr:{host[3] if len(host) > 3 else task.region}:{host[0]}:repository/{repository}"
            note("ecr", "GetAuthorizationToken", task.region, role, ["*"])
            for action in ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage"):
                note("ecr", action, task.region, role, [arn])
        options = moto_side.log_options(task, definition["name"])
        if "awslogs-group" in options:
            group = f"arn:aws:logs:{options.get('awslogs-region', task.region)}:{task.account}:log-group:{options['awslogs-group']}"
            for action in ("CreateLogStream", "PutLogEvents"):
                note("logs", action, task.region, role, [group + ":*"])
        for item in definition.get("secrets", []):
            source = item["valueFrom"]
            service, action = ("secretsmanager", "GetSecretValue") if ":secretsmanager:" in source else ("ssm", "GetParameters")
            note(service, action, task.region, role, [source])

    # --- the other three -----------------------------------------------------------

    def _stop(self, account: str, cluster: str, call: Call) -> dict[str, Any]:
        task = self._find(account, call.region, cluster, str(call.body.get("task", "")))
        if not task:
            raise Problem("InvalidParameterException", "The referenced task was not found.")
        task.end("UserInitiated", str(call.body.get("reason") or "Task stopped by user"))
        return {"task": task.describe(False)}

    def _list(self, account: str, cluster: str, call: Call) -> dict[str, Any]:
        body = call.body
        want = body.get("desiredStatus", "RUNNING")
        if body.get("startedBy") and (body.get("family") or body.get("serviceName") or body.get("desiredStatus")):
            raise Problem("InvalidParameterException", "startedBy must be the only filter.")
        found = []
        for task in self._visible(account, call.region, cluster):
            if task.desired != want or (body.get("launchType") and body["launchType"] != "FARGATE"):
                continue
            if body.get("family") and task.family != body["family"]:
                continue
            if body.get("startedBy") and task.request.get("startedBy") != body["startedBy"]:
                continue
            if body.get("serviceName") and task.request.get("group") != "service:" + str(body["serviceName"]).split("/")[-1]:
                continue
            found.append(task.arn)
        most = min(int(body.get("maxResults", 100)), 100)
        start = int(base64.b64decode(body["nextToken"])) if body.get("nextToken") else 0
        answer: dict[str, Any] = {"taskArns": found[start : start + most]}
        if start + most < len(found):
            answer["nextToken"] = base64.b64encode(str(start + most).encode()).decode()
        return answer

    def _describe(self, account: str, cluster: str, call: Call) -> dict[str, Any]:
        asked = call.body.get("tasks", [])
        if not 0 < len(asked) <= MOST_DESCRIBED:
            raise Problem("InvalidParameterException", f"tasks must have between 1 and {MOST_DESCRIBED} items")
        tags = "TAGS" in call.body.get("include", [])
        tasks, failures = [], []
        for name in asked:
            task = self._find(account, call.region, cluster, name)
            if task and task.seen_from <= time.monotonic():
                tasks.append(task.describe(tags))
            else:
                arn = name if name.startswith("arn:") else f"arn:aws:ecs:{call.region}:{account}:task/{cluster}/{name}"
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"tasks": tasks, "failures": failures}

    def _visible(self, account: str, region: str, cluster: str) -> list[Task]:
        moment, old = time.monotonic(), now() - KEPT
        with self._lock:
            return [
                t
                for t in self._tasks.values()
                if (t.account, t.region, t.cluster) == (account, region, cluster)
                and t.seen_from <= moment
                and t.times.get("stoppedAt", old + 1) > old
            ]

    def _find(self, account: str, region: str, cluster: str, name: str) -> Task | None:
        arn = name if name.startswith("arn:") else f"arn:aws:ecs:{region}:{account}:task/{cluster}/{name}"
        with self._lock:
            task = self._tasks.get(arn)
        return task if task and (task.account, task.region, task.cluster) == (account, region, cluster) else None

    # --- for the control address and the end ----------------------------------------

    def all(self) -> list[Task]:
        with self._lock:
            return list(self._tasks.values())

    def by_id(self, task_id: str) -> Task | None:
        return next((t for t in self.all() if t.id == task_id), None)

    def active_in(self, account: str, region: str, cluster: str, services: bool = False) -> bool:
        """Whether a cluster has tasks that have not ended; of services only, where asked so."""
        tasks = [t for t in self._in_use(account, region) if t.cluster == cluster]
        return any(not services or t.request.get("group", "").startswith("service:") for t in tasks)


def check_request(body: dict[str, Any], count: int, definition: Any) -> None:
    if not 1 <= count <= 10:
        raise Problem("InvalidParameterException", "count must be between 1 and 10")
    if body.get("launchType") and body.get("capacityProviderStrategy"):
        raise Problem("InvalidParameterException", "Specify either Launch Type or Capacity Provider Strategy, but not both.")
    if len(json.dumps(body.get("overrides", {}), separators=(",", ":"))) > MOST_OVERRIDES:
        raise Problem("InvalidParameterException", f"Overrides length must be at most {MOST_OVERRIDES}")
    token = body.get("clientToken", "")
    if len(token) > 64 or not all(33 <= ord(c) <= 126 for c in token):
        raise Problem("InvalidParameterException", "clientToken must be at most 64 ASCII characters")
    if len(body.get("startedBy", "")) > 128:
        raise Problem("InvalidParameterException", "startedBy must be at most 128 characters")
    if len(body.get("tags", [])) > 50:
        raise Problem("InvalidParameterException", "tags must be at most 50")
    network = body.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    if not network.get("subnets") and not body.get("group", "").startswith("service:"):  # moto forgets a stack's service's
        raise Problem("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if len(network.get("subnets", [])) > 16 or len(network.get("securityGroups", [])) > 5:
        raise Problem("InvalidParameterException", "at most 16 subnets and 5 security groups")
    names = {c["name"] for c in definition.container_definitions}
    for over in body.get("overrides", {}).get("containerOverrides", []):
        if over.get("name") not in names:
            raise Problem("InvalidParameterException", f"Override for container named {over.get('name')} is not a container in the TaskDefinition.")

