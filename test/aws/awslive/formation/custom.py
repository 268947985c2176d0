"""Custom resources: the function's code runs as it would in Lambda, with its role, and answers by HTTP."""

import json
import subprocess
import sys
import threading
import time
import uuid
from typing import Any

from .aws import AWS

RUN = """
import json, sys, time, types
asked = json.load(sys.stdin)
module = types.ModuleType("index")
exec(compile(asked["code"], "index.py", "exec"), module.__dict__)
end = time.monotonic() + asked["timeout"]
class Context:
    function_name = "custom"
    def get_remaining_time_in_millis(self):
        return int((end - time.monotonic()) * 1000)
getattr(module, asked["handler"].split(".")[1])(asked["event"], Context())
"""


class Failed(Exception):
    """The function said FAILED, or nothing."""

    def __init__(self, reason: str, id: str = "") -> None:
        super().__init__(reason)
        self.id = id


class Functions:
    """The functions of all stacks, and the answers that are waited for."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, tuple[threading.Event, dict[str, Any]]] = {}

    def know(self, arn: str, properties: dict[str, Any]) -> None:
        self._known[arn] = properties

    def answer(self, id: str, body: dict[str, Any]) -> dict[str, Any]:
        event, kept = self._waiting[id]
        kept.update(body)
        event.set()
        return {}

    def ask(self, aws: AWS, properties: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        """Sends an event and returns what the function answered."""
        function = self._known[properties["ServiceToken"]]
        id, done, kept = uuid.uuid4().hex, threading.Event(), dict[str, Any]()
        self._waiting[id] = (done, kept)
        event |= {
            "RequestId": id,
            "ServiceToken": properties["ServiceToken"],
            "ResponseURL": f"{aws.endpoint}/moto-live/answers?id={id}",
            "ResourceProperties": {k: text(v) for k, v in properties.items()},
        }
        if "OldResourceProperties" in event:
            event["OldResourceProperties"] = {k: text(v) for k, v in event["OldResourceProperties"].items()}
        asked = {"code": function["Code"]["ZipFile"], "handler": function["Handler"], "timeout": float(function["Timeout"]), "event": event}
        patience = float(properties.get("ServiceTimeout", 3600))
        keys = aws.sts.assume_role(RoleArn=function["Role"], RoleSessionName="function")["Credentials"]
        ran = subprocess.run(
            [sys.executable, "-c", RUN],
            input=json.dumps(asked).encode(),
            env=environment(aws, keys),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=min(patience, asked["timeout"] + 30),
            check=False,
        )
        log(AWS(aws.endpoint, aws.region, keys["AccessKeyId"]), function, ran.stdout.decode(errors="replace"))
        del self._waiting[id]
        if not done.is_set():
            raise Failed(f"CloudFormation did not receive a response from your Custom Resource: {ran.stdout.decode(errors='replace')[-500:]}")
        for name in ("PhysicalResourceId", "Status", "StackId", "RequestId", "LogicalResourceId"):
            if not kept.get(name):
                raise Failed(f"Invalid response from the custom resource: {name} is missing")
        if kept["Status"] != "SUCCESS":
            raise Failed(f"Received response status [FAILED] from custom resource. Message returned: {kept.get('Reason')}", kept["PhysicalResourceId"])
        return kept


def environment(aws: AWS, keys: dict[str, Any]) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "NO_PROXY": "127.0.0.1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def log(aws: AWS, function: dict[str, Any], output: str) -> None:
    """What the function wrote, put with its own role, as Lambda does."""
    group = function.get("LoggingConfig", {}).get("LogGroup")
    if group and output.strip():
        stream = uuid.uuid4().hex
        aws.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        stamp = int(time.time() * 1000)
        aws.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": stamp, "message": output}])


def text(value: Any) -> Any:
    """Functions get every value as text."""
    if isinstance(value, dict):
        return {k: text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [text(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
