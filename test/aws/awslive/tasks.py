"""The tasks: what RunTask made, from PROVISIONING to STOPPED."""

import datetime
import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from . import moto_side
from .process import Container

# How AWS words the end of a task whose Spot machine is taken back.
SPOT = "Your Spot Task was interrupted."


def now() -> float:
    return datetime.datetime.now(datetime.UTC).timestamp()


class Task:
    """One task. Its lock is held for every change, so that a description is never half of one."""

    def __init__(self, account: str, region: str, cluster: str, definition: Any, request: dict[str, Any], fault: dict[str, Any]) -> None:
        self.id = uuid.uuid4().hex
        self.account, self.region, self.cluster = account, region, cluster
        self.definition, self.request, self.fault = definition, request, fault
        self.arn = f"arn:aws:ecs:{region}:{account}:task/{cluster}/{self.id}"
        self.cluster_arn = f"arn:aws:ecs:{region}:{account}:cluster/{cluster}"
        self.created = now()
        self.seen_from = time.monotonic() + float(fault.get("lag", 0))  # eventual consistency
        self.times: dict[str, float] = {"createdAt": self.created}
        self.status, self.desired = "PROVISIONING", "RUNNING"
        self.stop_code, self.stop_reason = "", ""
        self.version = 1
        self.tags: list[dict[str, str]] = list(request.get("tags", []))
        if request.get("propagateTags") == "TASK_DEFINITION":
            self.tags += list(definition.tags)
        self.provider = ""
        for item in request.get("capacityProviderStrategy", []):
            self.provider = self.provider or item["capacityProvider"]
        network = request.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        self.subnet = (network.get("subnets") or [""])[0]
        self.groups = network.get("securityGroups", [])
        self.containers: list[Container] = []
        self.eni: Any = None
        self._lock = threading.RLock()
        self._stopping = threading.Event()

    @property
    def cpu(self) -> str:
        return str(self.request.get("overrides", {}).get("cpu") or self.definition.cpu or "256")

    @property
    def memory(self) -> str:
        return str(self.request.get("overrides", {}).get("memory") or self.definition.memory or "512")

    @property
    def spot(self) -> bool:
        return self.provider == "FARGATE_SPOT"

    @property
    def family(self) -> str:
        return str(self.definition.family)

    def move(self, status: str, *stamps: str) -> None:
        with self._lock:
            self.status = status
            self.version += 1
            for stamp in stamps:
                self.times.setdefault(stamp, now())

    def run(self, prepare: Callable[["Task"], list[Container]]) -> None:
        """The task's life, in a thread of its own."""
        try:
            self._up(prepare)
        except moto_side.Refused as refused:
            self.end("TaskFailedToStart", str(refused))

    def _up(self, prepare: Callable[["Task"], list[Container]]) -> None:
        if self.fault.get("never"):
            self._stopping.wait()
        if self._stopping.wait(float(self.fault.get("delay", 0.02))):
            return
        if self.subnet:
            self.eni = moto_side.attach(self)
        with self._lock:
            if self._stopping.is_set():
                moto_side.detach(self)
                return
            self.move("PENDING", "connectivityAt", "pullStartedAt")
        if "pull_fail" in self.fault or "init_fail" in self.fault:
            raise moto_side.Refused(self.fault.get("pull_fail") or self.fault["init_fail"])
        containers = prepare(self)
        with self._lock:
            if self._stopping.is_set():
                return
            self.containers = containers
            self.move("RUNNING", "pullStoppedAt", "startedAt")
            for container in containers:
                try:
                    container.start(moto_side.log_writer(self, container.name), self._ended)
                except OSError as e:
                    container.exit_code = 127 if isinstance(e, FileNotFoundError) else 126
                    container.reason = f"CannotStartContainerError: failed to create shim task: exec: {container.command[0]}: {e.strerror}"
                    raise moto_side.Refused(container.reason) from e
        if "die_after" in self.fault and not self._stopping.wait(float(self.fault["die_after"])):
            self.interrupt()

    def interrupt(self) -> None:
        """Spot takes its machine back: SIGTERM, the stop timeout, SIGKILL."""
        self.end("SpotInterruption", SPOT)

    def _ended(self, container: Container) -> None:
        if container.essential:
            self.end("EssentialContainerExited", "Essential container in task exited")

    def end(self, code: str, reason: str) -> None:
        """Begins the end; a second call changes nothing. The rest goes on in a thread."""
        with self._lock:
            if self._stopping.is_set():
                return
            self._stopping.set()
            self.desired, self.stop_code, self.stop_reason = "STOPPED", code, reason
            self.move("DEACTIVATING" if self.status == "RUNNING" else "DEPROVISIONING", "stoppingAt")
        threading.Thread(target=self._finish, daemon=True).start()

    def _finish(self) -> None:
        if self.status == "DEACTIVATING":
            self.move("STOPPING")
        threads = [threading.Thread(target=c.stop, daemon=True) for c in self.containers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.move("DEPROVISIONING", "executionStoppedAt")
        moto_side.detach(self)
        self.move("STOPPED", "stoppedAt")

    def kill(self) -> None:
        for container in self.containers:
            container.kill()

    def describe(self, tags: bool) -> dict[str, Any]:
        with self._lock:
            answer = {
                "taskArn": self.arn,
                "clusterArn": self.cluster_arn,
                "taskDefinitionArn": self.definition.arn,
                "lastStatus": self.status,
                "desiredStatus": self.desired,
                "cpu": self.cpu,
                "memory": self.memory,
                "group": self.request.get("group") or f"family:{self.family}",
                "startedBy": self.request.get("startedBy", ""),
                "version": self.version,
                "platformVersion": "1.4.0",
                "platformFamily": "Linux",
                "enableExecuteCommand": False,
                "overrides": self.request.get("overrides", {}),
                "containers": [self._container(c) for c in self.definition.container_definitions],
                "attachments": self._attachments(),
                "availabilityZone": self.region + "a",
            } | self.times
            answer |= {"capacityProviderName": self.provider} if self.provider else {"launchType": "FARGATE"}
            if self.stop_code:
                answer |= {"stopCode": self.stop_code, "stoppedReason": self.stop_reason}
            if tags:
                answer["tags"] = self.tags
            return json.loads(json.dumps(answer))

    def _container(self, definition: dict[str, Any]) -> dict[str, Any]:
        found = {c.name: c for c in self.containers}.get(definition["name"])
        answer = {
            "containerArn": self.arn.replace(":task/", ":container/") + "/" + definition["name"],
            "taskArn": self.arn,
            "name": definition["name"],
            "image": definition.get("image", ""),
            "lastStatus": "RUNNING" if found and found.exit_code is None else ("STOPPED" if self.status == "STOPPED" else "PENDING"),
            "cpu": "0",
            "networkInterfaces": [],
        }
        if found and found.exit_code is not None:
            answer |= {"exitCode": found.exit_code, "lastStatus": "STOPPED"}
        if found and found.reason:
            answer["reason"] = found.reason
        if not found and self.stop_code == "TaskFailedToStart":
            answer["reason"] = self.stop_reason
        return answer

    def _attachments(self) -> list[dict[str, Any]]:
        if not self.eni:
            return []
        details = {
            "subnetId": self.subnet,
            "networkInterfaceId": self.eni.id,
            "macAddress": self.eni.mac_address,
            "privateIPv4Address": self.eni.private_ip_address,
        }
        return [
            {
                "id": self.id[:8],
                "type": "ElasticNetworkInterface",
                "status": "DELETED" if self.status == "STOPPED" else "ATTACHED",
                "details": [{"name": k, "value": v} for k, v in details.items()],
            }
        ]
