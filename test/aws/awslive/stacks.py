"""Deleting a stack deletes its ECS resources, which moto forgets."""

import time
from typing import Any

from moto.ecs import models

from . import moto_side
from .ecs import ECS

# How long a cluster waits for the tasks of its services, as CloudFormation does.
PATIENCE = 30.0


def patch(ecs: ECS) -> None:
    def delete_cluster(cluster: Any, account: str, region: str) -> None:
        for task in ecs.all():
            if (task.account, task.region, task.cluster) == (account, region, cluster.name) and task.request.get("group", "").startswith("service:"):
                task.end("ServiceSchedulerInitiated", "Scaling activity initiated by a deleted service")
        end = time.monotonic() + PATIENCE
        while ecs.active_in(account, region, cluster.name, services=True) and time.monotonic() < end:
            time.sleep(0.05)
        if ecs.active_in(account, region, cluster.name):
            raise RuntimeError("The Cluster cannot be deleted while Tasks are active. (ClusterContainsTasksException)")
        moto_side.backend("ecs", account, region).clusters.pop(cluster.name, None)

    def delete_service(service: Any, account: str, region: str) -> None:
        moto_side.backend("ecs", account, region).services.pop(f"{service.cluster_name}:{service.name}", None)

    def delete_definition(definition: Any, account: str, region: str) -> None:
        definition.status = "INACTIVE"

    models.Cluster.delete = delete_cluster  # type: ignore[attr-defined]
    models.Service.delete = delete_service  # type: ignore[attr-defined]
    models.TaskDefinition.delete = delete_definition  # type: ignore[attr-defined]
