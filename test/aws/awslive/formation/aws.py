"""The services' own API, spoken to as the caller of the stack's operation would."""

import threading
from typing import Any

import boto3
from botocore.config import Config

# One for all, since reading what a service's calls are takes a second.
_session = boto3.Session(region_name="us-east-1")
_making = threading.Lock()


class AWS:
    """aws.ec2 is a client of EC2, and so on."""

    def __init__(self, endpoint: str, region: str, key: str) -> None:
        self.endpoint, self.region, self._key = endpoint, region, key
        self._clients: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        service = {"lambda_": "lambda", "logs": "logs"}.get(name, name)
        if service not in self._clients:
            config = Config(retries={"max_attempts": 1}, proxies={})
            with _making:
                self._clients[service] = _session.client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    config=config,
                    aws_access_key_id=self._key,
                    aws_secret_access_key="x",
                )
        return self._clients[service]

    def call(self, service: str, operation: str, properties: dict[str, Any], /, **more: Any) -> Any:
        """Calls an operation with a resource's properties as its parameters. A
        property that the operation does not know is an error."""
        client = getattr(self, service)
        name = client.meta.method_to_api_mapping[operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        return getattr(client, operation)(**fit(shape, properties, name), **more)


def fit(shape: Any, value: Any, where: str) -> Any:
    """CloudFormation's spelling of a value in the service's: names of any case, numbers and truths as text."""
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                raise ValueError(f"{where}: a mapping is needed, {value!r} is found")
            members = {name.lower(): name for name in shape.members}
            found = {}
            for key, inner in value.items():
                if key.lower() not in members:
                    raise ValueError(f"{where} has no {key}, it has {', '.join(shape.members)}")
                member = members[key.lower()]
                found[member] = fit(shape.members[member], inner, f"{where}.{key}")
            return found
        case "list":
            return [fit(shape.member, v, f"{where}[{i}]") for i, v in enumerate(value)]
        case "map":
            return {k: fit(shape.value, v, f"{where}.{k}") for k, v in value.items()}
        case "integer" | "long":
            return int(value)
        case "double" | "float":
            return float(value)
        case "boolean":
            return str(value).lower() == "true"
        case "string":
            return str(value)
    return value
