"""Services: keeps as many tasks up as are desired, as ECS does."""

import threading
import time
from typing import Any

from . import moto_side
from .calls import Call
from .ecs import ECS, Problem


class Services:
    def __init__(self, ecs: ECS) -> None:
        self.ecs = ecs

    def start(self) -> None:
        threading.Thread(target=self._loop, daemon=True).start()

    def _loop(self) -> None:
        while True:
            time.sleep(0.5)
            services = list(all_services())
            self._end_orphans(services)
            for account, region, service in services:
                try:
                    self._keep(account, region, service)
                except Problem as problem:
                    note(service, f"(service {service.name}) was unable to place a task. Reason: {problem.message}")

    def _end_orphans(self, services: list[Any]) -> None:
        """Ends the tasks of services that were deleted."""
        known = {(account, region, service.cluster_name, "service:" + service.name) for account, region, service in services}
        for task in self.ecs.all():
            group = task.request.get("group") or ""
            if group.startswith("service:") and (task.account, task.region, task.cluster, group) not in known:
                task.end("ServiceSchedulerInitiated", "Scaling activity initiated by a deleted service")

    def _keep(self, account: str, region: str, service: Any) -> None:
        group = "service:" + service.name
        mine = [t for t in self.ecs.all() if t.request.get("group") == group and t.cluster == service.cluster_name]
        mine = [t for t in mine if (t.account, t.region) == (account, region) and t.desired == "RUNNING"]
        wanted = int(service.desired_count) if service.status == "ACTIVE" else 0
        old = [t for t in mine if t.definition.arn != service.task_definition]
        for task in old + [t for t in mine if t not in old][wanted:]:
            task.end("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {service.name})")
        if len(mine) - len(old) < wanted and self._has_program(account, region, service):
            self._run(account, region, service, group, wanted - len(mine) + len(old))
        up = [t for t in mine if t.status == "RUNNING"]
        service.running_count, service.pending_count = len(up), max(0, wanted - len(up))

    def _has_program(self, account: str, region: str, service: Any) -> bool:
        definition = moto_side.backend("ecs", account, region).describe_task_definition(service.task_definition)
        return all(c.get("image") in self.ecs.images for c in definition.container_definitions)

    def _run(self, account: str, region: str, service: Any, group: str, count: int) -> None:
        network = getattr(service, "network_configuration", None) or {}
        inner = {k[0].lower() + k[1:]: v for k, v in (network.get("awsvpcConfiguration") or network.get("AwsvpcConfiguration") or {}).items()}
        body = {
            "cluster": service.cluster_name,
            "taskDefinition": service.task_definition,
            "count": min(count, 10),
            "group": group,
            "startedBy": "ecs-svc/" + service.name,
            "networkConfiguration": {"awsvpcConfiguration": inner},
            "launchType": "FARGATE",
        }
        call = Call(service="ecs", action="RunTask", region=region, key="", body=body)
        self.ecs.run(account, service.cluster_name, call)


def all_services() -> Any:
    from moto.ecs.models import ecs_backends

    for account, regions in list(ecs_backends.items()):
        for region, backend in list(regions.items()):
            for service in list(backend.services.values()):
                yield account, region, service


def note(service: Any, message: str) -> None:
    if not service.events or service.events[0]["message"] != message:
        service.events.insert(0, {"id": str(time.time()), "createdAt": time.time(), "message": message})
