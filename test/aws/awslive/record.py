"""The record of calls: service, action, resources and caller of each, as IAM would judge them."""

import threading
from typing import Any

from . import moto_side
from .calls import Call

# A call of the API -> the action that IAM knows it by, where the names differ.
RENAMED = {("s3", "ListObjectsV2"): "ListBucket"}


class Record:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[dict[str, Any]] = []

    def note(self, call: Call) -> dict[str, Any]:
        account, role = moto_side.principal(call.key)
        entry = {
            "service": call.service,
            "action": RENAMED.get((call.service, call.action), call.action),
            "region": call.region,
            "account": account,
            "key": call.key,
            "principal": role,
            "resources": resources(call, account),
            "cluster": call.cluster if call.service == "ecs" and "cluster" in (call.body or {}) else "",
            "implied": False,
            "error": "",
        }
        self._add(entry)
        for service, action, arns in implied(call, account):
            self._add(entry | {"service": service, "action": action, "resources": arns, "implied": True})
        return entry

    def note_implied(self, service: str, action: str, region: str, role: str, arns: list[str]) -> None:
        """What AWS itself calls with a role that it was given."""
        self._add(
            {"service": service, "action": action, "region": region, "account": "", "key": "", "principal": role}
            | {"resources": arns, "cluster": "", "implied": True, "error": ""}
        )

    def _add(self, entry: dict[str, Any]) -> None:
        with self._lock:
            entry["number"] = len(self._calls) + 1
            self._calls.append(entry)

    def since(self, number: int, match: dict[str, str]) -> list[dict[str, Any]]:
        with self._lock:
            calls = self._calls[number:]
        return [c for c in calls if all(str(c.get(name)) == value for name, value in match.items())]


def resources(call: Call, account: str) -> list[str]:
    """The ARNs that IAM judges a call by; "*" where the action knows no resources."""
    body, region = call.body if isinstance(call.body, dict) else {}, call.region
    own = f"arn:aws:ecs:{region}:{account}:"
    if call.service == "ecs":
        if call.action == "RunTask":
            return [definition_arn(own, str(body.get("taskDefinition", "")))]
        if call.action == "StopTask":
            return [full(body.get("task", ""), own + f"task/{call.cluster}/")]
        if call.action == "DescribeTasks":
            return [full(name, own + f"task/{call.cluster}/") for name in body.get("tasks", [])]
        if call.action in ("ListTasks", "DescribeClusters"):
            names = body.get("clusters") or [body.get("cluster") or "default"]
            return [full(name, own + "cluster/") for name in names] if call.action == "DescribeClusters" else ["*"]
        if call.action == "RegisterTaskDefinition":
            return [own + f"task-definition/{body.get('family')}:*"]
    if call.service == "logs":
        group = body.get("logGroupName") or body.get("logGroupNamePrefix") or "*"
        base = f"arn:aws:logs:{region}:{account}:log-group:{group}"
        stream = body.get("logStreamName")
        return [base + (f":log-stream:{stream}" if stream else ":*")]
    if call.service == "s3":
        return [body.get("resource", "*")]
    if call.service == "iam" and body.get("RoleName"):
        return [f"arn:aws:iam::{account}:role/{body['RoleName']}"]
    if call.service == "servicequotas" and body.get("QuotaCode"):
        return [f"arn:aws:servicequotas:{region}:{account}:{body.get('ServiceCode')}/{body['QuotaCode']}"]
    if call.service == "sts" and body.get("RoleArn"):
        return [body["RoleArn"]]
    if call.service == "servicequotas" and body.get("QuotaCode"):
        return [f"arn:aws:servicequotas:{region}:{account}:{body.get('ServiceCode')}/{body['QuotaCode']}"]
    if call.service == "ssm" and body.get("Name"):
        return [f"arn:aws:ssm:{region}:{account}:parameter/{str(body['Name']).lstrip('/')}"]
    return sorted(arns(body)) or ["*"]


def implied(call: Call, account: str) -> list[tuple[str, str, list[str]]]:
    """The permissions that AWS asks for beside the call's own."""
    body = call.body if isinstance(call.body, dict) else {}
    found = []
    if (call.service, call.action) == ("ecs", "RegisterTaskDefinition"):
        roles = [body[name] for name in ("executionRoleArn", "taskRoleArn") if body.get(name)]
        found += [("iam", "PassRole", [role]) for role in roles]
        if body.get("tags"):
            found.append(("ecs", "TagResource", resources(call, account)))
    if (call.service, call.action) == ("ecs", "RunTask"):
        try:
            name = str(body.get("taskDefinition", ""))
            definition = moto_side.backend("ecs", account, call.region).describe_task_definition(name)
        except Exception:  # no such definition: nothing is passed
            return found
        for role in ("execution_role_arn", "task_role_arn"):
            if getattr(definition, role, None):
                found.append(("iam", "PassRole", [getattr(definition, role)]))
        if body.get("tags"):
            found.append(("ecs", "TagResource", [f"arn:aws:ecs:{call.region}:{account}:task/{call.cluster}/*"]))
    return found


def definition_arn(own: str, name: str) -> str:
    return name if name.startswith("arn:") else own + "task-definition/" + name


def full(name: str, prefix: str) -> str:
    return name if name.startswith("arn:") else prefix + name


def arns(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value} if value.startswith("arn:") else set()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*(arns(v) for v in value)) if value else set()
    return set()
