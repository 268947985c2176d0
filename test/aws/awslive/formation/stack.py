"""One stack: what it is made of, and how it is made, changed and deleted."""

import datetime
import threading
import traceback
import uuid
from dataclasses import dataclass, field
from typing import Any

from .aws import AWS
from .custom import Failed, Functions
from .kinds import Kind, Place, kinds
from .template import Values, needs, order

KINDS = kinds()


def now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Resource:
    """A resource that is there."""

    logical: str
    kind: str
    id: str
    properties: dict[str, Any]
    attributes: dict[str, Any]
    keep: str = "Delete"  # what to do when it leaves the stack
    keep_replaced: str = "Delete"


@dataclass
class Stack:
    name: str
    id: str
    region: str
    account: str
    key: str
    functions: Functions
    endpoint: str
    template: dict[str, Any] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)  # parameters as given
    values: dict[str, Any] = field(default_factory=dict)  # and as they count
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    events: list[dict[str, str]] = field(default_factory=list)
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    created: str = field(default_factory=now)
    lock: Any = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.aws = AWS(self.endpoint, self.region, self.key)

    # --- what can be asked for ---------------------------------------------------

    def start(self, status: str, work: Any) -> None:
        self.say(self.name, "AWS::CloudFormation::Stack", status, "User Initiated")
        self.status, self.reason = status, ""
        threading.Thread(target=work, daemon=True).start()

    def create(self) -> None:
        try:
            self._bring(self.template, self.values)
            self._end("CREATE_COMPLETE")
        except Exception as e:
            self._note(e)
            self._remove_all("ROLLBACK")
            self._end("ROLLBACK_COMPLETE", str(e))

    def update(self, template: dict[str, Any], given: dict[str, str], values: dict[str, Any]) -> None:
        old = (self.template, self.given, self.values)
        try:
            self._bring(template, values)
            self.template, self.given, self.values = template, given, values
            self._end("UPDATE_COMPLETE")
        except Exception as e:
            self._note(e)
            self._back(old[0], old[2], str(e))

    def _back(self, template: dict[str, Any], values: dict[str, Any], why: str) -> None:
        try:
            self._bring(template, values)
            self._end("UPDATE_ROLLBACK_COMPLETE", why)
        except Exception as e:
            self._note(e)
            self._end("UPDATE_ROLLBACK_FAILED", f"{why}; {e}")

    def delete(self) -> None:
        failed = self._remove_all("DELETE")
        if failed:
            self._end("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}].")
        else:
            self._end("DELETE_COMPLETE")

    # --- how -----------------------------------------------------------------------

    def look(self, name: str, attribute: str | None) -> Any:
        if name not in self.resources:
            raise ValueError(f"Template error: {name} is not there")
        resource = self.resources[name]
        if attribute is None:
            return resource.id
        if attribute not in resource.attributes:
            raise ValueError(f"Template error: {resource.kind} has no attribute {attribute}")
        return resource.attributes[attribute]

    def _values(self, template: dict[str, Any], values: dict[str, Any]) -> Values:
        v = Values(template, values, self.look)
        v.secret = lambda name: self.aws.secretsmanager.get_secret_value(SecretId=name)["SecretString"]
        return v

    def _bring(self, template: dict[str, Any], values: dict[str, Any]) -> None:
        """Makes the resources what a template says they are to be."""
        v = self._values(template, values)
        wanted = {name: part for name, part in template["Resources"].items() if v.has(part)}
        leaving: list[Resource] = []
        for name in order(wanted):
            part = wanted[name]
            properties = v.of(part.get("Properties", {}))
            there = self.resources.get(name)
            if there is None:
                self._make(name, part["Type"], properties)
            elif there.properties != properties or there.kind != part["Type"]:
                replaced = self._change(there, part["Type"], properties)
                leaving += [replaced] if replaced else []
            self.resources[name].keep = v.of(part.get("DeletionPolicy", "Delete"))
            self.resources[name].keep_replaced = v.of(part.get("UpdateReplacePolicy", "Delete"))
        for name in reversed(list(self.resources)):
            if name not in wanted:
                leaving.append(self.resources.pop(name))
        for resource in leaving:
            self._drop(resource, resource.keep_replaced if resource.logical in wanted else resource.keep)
        self.outputs = {
            name: (str(v.of(out["Value"])), out.get("Description", "")) for name, out in template.get("Outputs", {}).items() if v.has(out)
        }

    def _kind(self, name: str) -> Kind | None:
        if name.startswith("Custom::"):
            return None
        if name not in KINDS:
            raise ValueError(f"Template format error: Unrecognized resource types: [{name}]")
        return KINDS[name]

    def _place(self, logical: str) -> Place:
        return Place(self.name, self.id, logical, f"{self.name}-{logical}-{uuid.uuid4().hex[:12].upper()}", self.account)

    def _make(self, logical: str, kind: str, properties: dict[str, Any]) -> None:
        self.say(logical, kind, "CREATE_IN_PROGRESS")
        try:
            how = self._kind(kind)
            if how:
                id, attributes = how.make(self.aws, properties, self._place(logical))
            else:
                id, attributes = self._custom("Create", logical, kind, properties)
        except Failed as e:
            # It may have made something: it is asked to delete it.
            self.resources[logical] = Resource(logical, kind, e.id or "none", properties, {})
            self.say(logical, kind, "CREATE_FAILED", str(e))
            raise
        except Exception as e:
            self.say(logical, kind, "CREATE_FAILED", str(e))
            raise type(e)(f"{logical}: {e}") if type(e) is ValueError else e from e
        self.resources[logical] = Resource(logical, kind, id, properties, attributes)
        if kind == "AWS::Lambda::Function":
            self.functions.know(attributes["Arn"], properties)
        self.say(logical, kind, "CREATE_COMPLETE")

    def _change(self, there: Resource, kind: str, properties: dict[str, Any]) -> Resource | None:
        """Changes a resource in place, or makes it anew and returns the old one."""
        logical, how = there.logical, self._kind(kind)
        self.say(logical, kind, "UPDATE_IN_PROGRESS")
        try:
            if how is None:
                event = {"PhysicalResourceId": there.id, "OldResourceProperties": there.properties}
                id, attributes = self._custom("Update", logical, kind, properties, event)
                self.resources[logical] = Resource(logical, kind, id, properties, attributes, there.keep, there.keep_replaced)
                self.say(logical, kind, "UPDATE_COMPLETE")
                return there if id != there.id else None
            attributes = how.change(self.aws, there.id, there.properties, properties, self._place(logical)) if how.change and there.kind == kind else None
            if attributes is None:
                self._make(logical, kind, properties)
                self.resources[logical].keep_replaced = there.keep_replaced
                return there
        except Exception as e:
            self.say(logical, kind, "UPDATE_FAILED", str(e))
            raise
        there.properties, there.attributes = properties, there.attributes | attributes
        self.say(logical, kind, "UPDATE_COMPLETE")
        return None

    def _custom(self, what: str, logical: str, kind: str, properties: dict[str, Any], more: dict[str, Any] | None = None) -> Any:
        event = {"RequestType": what, "StackId": self.id, "LogicalResourceId": logical, "ResourceType": kind} | (more or {})
        answer = self.functions.ask(self.aws, properties, event)
        return answer["PhysicalResourceId"], answer.get("Data", {})

    def _drop(self, resource: Resource, keep: str) -> None:
        if keep == "Retain":
            self.say(resource.logical, resource.kind, "DELETE_SKIPPED")
            return
        self.say(resource.logical, resource.kind, "DELETE_IN_PROGRESS")
        how = self._kind(resource.kind)
        if how is None:
            self._custom("Delete", resource.logical, resource.kind, resource.properties, {"PhysicalResourceId": resource.id})
        else:
            if keep == "Snapshot":
                if not how.snapshot:
                    raise ValueError(f"{resource.kind} knows no snapshots")
                how.snapshot(self.aws, resource.id, self._place(resource.logical))
            how.delete(self.aws, resource.id, resource.properties)
        self.say(resource.logical, resource.kind, "DELETE_COMPLETE")

    def _remove_all(self, why: str) -> list[str]:
        """Deletes what there is, the last made first, but for what those need that
        could not be deleted. A failed creation keeps nothing."""
        failed: list[str] = []
        blocked: set[str] = set()
        for name in reversed(list(self.resources)):
            resource = self.resources[name]
            if name in blocked:
                blocked |= self._needs(name)
                continue
            try:
                self._drop(resource, "Delete" if why == "ROLLBACK" else resource.keep)
                del self.resources[name]
            except Exception as e:
                failed.append(name)
                blocked |= self._needs(name)
                self.say(name, resource.kind, "DELETE_FAILED", str(e))
        return failed

    def _needs(self, name: str) -> set[str]:
        return needs(self.template["Resources"].get(name, {}))

    def _note(self, e: Exception) -> None:
        if not isinstance(e, (Failed, ValueError)):
            traceback.print_exception(e)

    def _end(self, status: str, reason: str = "") -> None:
        self.say(self.name, "AWS::CloudFormation::Stack", status, reason)
        self.reason, self.status = reason, status

    def say(self, logical: str, kind: str, status: str, reason: str = "") -> None:
        resource = self.resources.get(logical)
        self.events.append(
            {
                "StackId": self.id,
                "EventId": uuid.uuid4().hex,
                "StackName": self.name,
                "LogicalResourceId": logical,
                "PhysicalResourceId": resource.id if resource else "",
                "ResourceType": kind,
                "Timestamp": now(),
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
        )
