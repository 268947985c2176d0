"""What a request asks for, whatever protocol its service speaks."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]*)/([^/]+)/aws4_request")

# The names that IAM has for what S3's paths and methods mean.
S3_OBJECT = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject", "DELETE": "DeleteObject"}
S3_BUCKET = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "POST": "DeleteObject", "DELETE": "DeleteBucket"}


@dataclass
class Call:
    service: str = ""
    action: str = ""
    region: str = ""
    key: str = ""  # access key id of the caller
    body: Any = field(default_factory=dict)
    path: str = ""
    json: bool = True  # the protocol of the answer

    @property
    def cluster(self) -> str:
        if self.service != "ecs" or not isinstance(self.body, dict):
            return ""
        return str(self.body.get("cluster") or "default").split("/")[-1]


def read(environ: dict[str, Any], body: bytes) -> Call:
    """Finds out what a request asks for. The action is empty when it is no call of AWS's API."""
    call = Call(path=environ.get("PATH_INFO", ""))
    query = parse_qs(environ.get("QUERY_STRING", ""))
    signed = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed:
        call.key, call.region, call.service = signed.groups()
    elif "X-Amz-Credential" in query:
        parts = query["X-Amz-Credential"][0].split("/")
        call.key, call.region, call.service = parts[0], parts[2], parts[3]
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    kind = environ.get("CONTENT_TYPE", "")
    if target:
        call.action = target.split(".")[-1]
        call.body = json.loads(body or b"{}")
    elif kind.startswith("application/x-www-form-urlencoded"):
        call.json = False
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        call.action, call.body = form.get("Action", ""), form
    elif call.service == "s3":
        call.json = False
        call.action, call.body = s3(environ, call.path, query)
    elif call.service:
        call.action = f"{environ['REQUEST_METHOD']} {call.path}"
    return call


def s3(environ: dict[str, Any], path: str, query: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Path-style addresses only: names of buckets do not resolve on a plain machine."""
    bucket, _, key = path.strip("/").partition("/")
    method = environ["REQUEST_METHOD"]
    if not bucket:
        return "ListAllMyBuckets", {}
    body = {"resource": f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")}
    flags = [name for name in parse_flags(environ) if name in ("location", "versioning", "policy", "lifecycle", "tagging", "uploads", "acl")]
    if "uploadId" in query and method == "DELETE":
        return "AbortMultipartUpload", body
    if flags and flags[0] == "uploads":
        return ("PutObject" if key else "ListBucketMultipartUploads"), body
    if flags:
        verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method, "Put")
        return verb + ("Object" if key else "Bucket") + flags[0].capitalize(), body
    return (S3_OBJECT if key else S3_BUCKET).get(method, method), body


def parse_flags(environ: dict[str, Any]) -> list[str]:
    return [part.split("=")[0] for part in environ.get("QUERY_STRING", "").split("&") if part]
