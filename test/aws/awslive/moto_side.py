"""What tasks need of moto: network interfaces, log groups, secrets, roles."""

import threading
import time
from collections.abc import Callable
from typing import Any

from moto.backends import get_backend

FULL_SUBNET = (
    "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment {public} in subnet "
    "'{subnet}': InsufficientFreeAddressesInSubnet"
)
_network = threading.Lock()


class Refused(Exception):
    """Why a task cannot start, as AWS words it in stoppedReason."""


def backend(service: str, account: str, region: str) -> Any:
    return get_backend(service)[account][region]


def attach(task: Any) -> Any:
    ec2 = backend("ec2", task.account, task.region)
    with _network:
        subnet = ec2.get_subnet(task.subnet)
        if subnet.available_ip_address_count < 1:
            public = task.request["networkConfiguration"]["awsvpcConfiguration"].get("assignPublicIp", "DISABLED").lower()
            raise Refused(FULL_SUBNET.format(subnet=task.subnet, public=public))
        return ec2.create_network_interface(
            subnet, "", group_ids=task.groups, description=task.arn.replace(":task/", ":attachment/")
        )


def detach(task: Any) -> None:
    eni, ec2 = task.eni, backend("ec2", task.account, task.region)
    if eni:
        with _network:
            ec2.enis.pop(eni.id, None)


def subnet_exists(account: str, region: str, subnet: str) -> bool:
    try:
        return bool(backend("ec2", account, region).get_subnet(subnet))
    except Exception:  # moto raises an error of its own per resource
        return False


def group_exists(account: str, region: str, group: str) -> bool:
    return bool(backend("ec2", account, region).get_security_group_from_id(group))


def log_options(task: Any, container: str) -> dict[str, str]:
    for definition in task.definition.container_definitions:
        if definition["name"] == container:
            configuration = definition.get("logConfiguration") or {}
            if configuration.get("logDriver") == "awslogs":
                return dict(configuration.get("options") or {})
    return {}


def check_logs(task: Any, container: str) -> None:
    options = log_options(task, container)
    group = options.get("awslogs-group")
    if not group:
        return
    logs = backend("logs", task.account, options.get("awslogs-region") or task.region)
    if group not in logs.groups:
        if options.get("awslogs-create-group") == "true":
            logs.ensure_log_group(group)
            return
        raise Refused(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create "
            "Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.: exit status 1"
        )


def log_writer(task: Any, container: str) -> Callable[[str], None]:
    options = log_options(task, container)
    if "awslogs-group" not in options:
        return lambda line: None
    logs = backend("logs", task.account, options.get("awslogs-region") or task.region)
    stream = f"{options.get('awslogs-stream-prefix', 'ecs')}/{container}/{task.id}"
    lock = threading.Lock()

    def write(line: str) -> None:
        group = logs.groups.get(options["awslogs-group"])
        if group is None or not line:
            return
        with lock:
            if stream not in group.streams:
                group.create_log_stream(stream)
            group.put_log_events(stream, [{"timestamp": int(time.time() * 1000), "message": line}])

    return write


def secret(task: Any, source: str) -> str:
    """A value that a task definition takes from a secret or a parameter."""
    try:
        if ":secretsmanager:" in source:
            parts = source.split(":")
            name, field = ":".join(parts[:7]), parts[7] if len(parts) > 7 else ""
            value = backend("secretsmanager", task.account, task.region).get_secret_value(name, "", "")["SecretString"]
            if field:
                import json

                value = json.loads(value)[field]
            return str(value)
        name = source.split(":parameter")[-1]
        return str(backend("ssm", task.account, task.region).get_parameter(name).value)
    except Exception as e:
        raise Refused(
            f"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: {source}: {e}"
        ) from e


def role_exists(account: str, arn: str) -> bool:
    try:
        return bool(backend("iam", account, "aws").get_role_by_arn(arn))
    except Exception:  # moto's NotFound
        return False


def credentials(task: Any) -> dict[str, str] | None:
    """The task role's, as a task gets them from its metadata address."""
    role = getattr(task.definition, "task_role_arn", None)
    if not role:
        return None
    assumed = backend("sts", task.account, "aws").assume_role(
        region_name=task.region, role_session_name=task.id, role_arn=role, policy=None, duration=3600, external_id=None
    )
    return {
        "RoleArn": role,
        "AccessKeyId": assumed.access_key_id,
        "SecretAccessKey": assumed.secret_access_key,
        "Token": assumed.session_token,
        "Expiration": assumed.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def principal(key: str) -> tuple[str, str]:
    """The account and the role or user that an access key belongs to."""
    from moto.iam.models import get_account_id_from

    account = get_account_id_from(key)
    sts = backend("sts", account, "aws").get_assumed_role_from_access_key(key)
    if sts:
        return account, sts.role_arn
    return account, ""
