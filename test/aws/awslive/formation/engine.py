"""The API of CloudFormation: stacks by account and region."""

import uuid
from typing import Any
from xml.sax.saxutils import escape

from ..calls import Call
from ..ecs import Problem
from .custom import Functions
from .stack import Stack
from .template import Invalid, Values, parameters, read

ACTIONS = ("CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents", "DescribeStackResources", "ListStackResources")


class Engine:
    def __init__(self) -> None:
        self.endpoint = ""
        self.functions = Functions()
        self._stacks: dict[tuple[str, str], dict[str, Stack]] = {}

    def answer(self, call: Call, account: str) -> str | None:
        """XML for a call, None for one that is not known here."""
        if call.action not in ACTIONS:
            return None
        try:
            result = getattr(self, "_" + call.action)(call, account)
        except Invalid as e:
            raise Problem("ValidationError", str(e)) from e
        return f"<{call.action}Response><{call.action}Result>{xml(result)}</{call.action}Result></{call.action}Response>"

    def _of(self, call: Call, account: str) -> dict[str, Stack]:
        return self._stacks.setdefault((account, call.region), {})

    def _find(self, call: Call, account: str) -> Stack:
        """By name those that are there, by ID also those that are deleted."""
        asked = call.body["StackName"]
        for stack in reversed(self._of(call, account).values()):
            if stack.id == asked or (stack.name == asked and stack.status != "DELETE_COMPLETE"):
                return stack
        raise Invalid(f"Stack with id {asked} does not exist")

    def _read(self, call: Call, stack: Stack, before: Stack | None) -> Any:
        form = call.body
        template = before.template if before and form.get("UsePreviousTemplate") == "true" else read(form["TemplateBody"])
        granted = {v for k, v in form.items() if k.startswith("Capabilities.member")}
        if "Transform" in template and "CAPABILITY_AUTO_EXPAND" not in granted:
            raise Problem("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
        if any(r["Type"].startswith("AWS::IAM::") for r in template["Resources"].values()) and not granted & {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}:
            raise Problem("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
        given: dict[str, str] = {}
        number = 1
        while (at := f"Parameters.member.{number}.") + "ParameterKey" in form:
            name, number = form[at + "ParameterKey"], number + 1
            if form.get(at + "UsePreviousValue") == "true" and before:
                if name in before.given:
                    given[name] = before.given[name]
            else:
                given[name] = form.get(at + "ParameterValue", "")
        values = parameters(template, given, lambda name: str(stack.aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]))
        values |= {
            "AWS::Region": call.region,
            "AWS::AccountId": stack.account,
            "AWS::Partition": "aws",
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.id,
            "AWS::URLSuffix": "amazonaws.com",
        }
        Values(template, values, stack.look).check_rules()
        return template, given, values

    def _CreateStack(self, call: Call, account: str) -> dict[str, Any]:
        name = call.body["StackName"]
        stacks = self._of(call, account)
        if any(s.name == name and s.status != "DELETE_COMPLETE" for s in stacks.values()):
            raise Problem("AlreadyExistsException", f"Stack [{name}] already exists")
        id = f"arn:aws:cloudformation:{call.region}:{account}:stack/{name}/{uuid.uuid4()}"
        stack = Stack(name, id, call.region, account, call.key, self.functions, self.endpoint)
        stack.template, stack.given, stack.values = self._read(call, stack, None)
        stacks[id] = stack
        stack.start("CREATE_IN_PROGRESS", stack.create)
        return {"StackId": id}

    def _UpdateStack(self, call: Call, account: str) -> dict[str, Any]:
        stack = self._find(call, account)
        if stack.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            raise Invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        template, given, values = self._read(call, stack, stack)
        if (template, values) == (stack.template, stack.values):
            raise Invalid("No updates are to be performed.")
        stack.start("UPDATE_IN_PROGRESS", lambda: stack.update(template, given, values))
        return {"StackId": stack.id}

    def _DeleteStack(self, call: Call, account: str) -> dict[str, Any]:
        try:
            stack = self._find(call, account)
        except Invalid:
            return {}  # as AWS does
        if not stack.status.endswith("_IN_PROGRESS"):
            stack.start("DELETE_IN_PROGRESS", stack.delete)
        return {}

    def _DescribeStacks(self, call: Call, account: str) -> dict[str, Any]:
        if "StackName" in call.body:
            found = [self._find(call, account)]
        else:
            found = [s for s in self._of(call, account).values() if s.status != "DELETE_COMPLETE"]
        return {"Stacks": [describe(s) for s in found]}

    def _DescribeStackEvents(self, call: Call, account: str) -> dict[str, Any]:
        return {"StackEvents": list(reversed(self._find(call, account).events))}

    def _DescribeStackResources(self, call: Call, account: str) -> dict[str, Any]:
        stack = self._find(call, account)
        return {"StackResources": [{"StackName": stack.name, "StackId": stack.id} | row for row in self._rows(stack, "Timestamp")]}

    def _ListStackResources(self, call: Call, account: str) -> dict[str, Any]:
        return {"StackResourceSummaries": self._rows(self._find(call, account), "LastUpdatedTimestamp")}

    def _rows(self, stack: Stack, stamp: str) -> list[dict[str, str]]:
        return [
            {"LogicalResourceId": r.logical, "PhysicalResourceId": r.id, "ResourceType": r.kind, "ResourceStatus": "CREATE_COMPLETE", stamp: stack.created}
            for r in stack.resources.values()
        ]


def describe(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": stack.created,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in stack.given.items()],
        "Outputs": [{"OutputKey": name, "OutputValue": value, "Description": told} for name, (value, told) in stack.outputs.items()],
    }


def xml(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"<member>{xml(v)}</member>" for v in value)
    if isinstance(value, dict):
        return "".join(f"<{k}>{xml(v)}</{k}>" for k, v in value.items())
    return escape(str(value))
