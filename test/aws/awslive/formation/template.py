"""Templates: read, checked against their parameters, and their functions worked out."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import yaml

SHORT = ("Ref", "Condition")
DROP = object()  # AWS::NoValue


class Invalid(Exception):
    """What CloudFormation calls a ValidationError."""


class _Loader(yaml.SafeLoader):
    pass


def _tag(loader: Any, suffix: str, node: Any) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in SHORT else "Fn::" + suffix: value}


_Loader.add_multi_constructor("!", _tag)
# Dates stay what they are in a policy: text.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> dict[str, Any]:
    try:
        template = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as e:
        raise Invalid(f"Template format error: {e}") from e
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise Invalid("Template format error: At least one Resources member must be defined.")
    return template


def parameters(template: dict[str, Any], given: dict[str, str], ssm: Callable[[str], str]) -> dict[str, Any]:
    """The values of all parameters, each held to its rules."""
    known = template.get("Parameters", {})
    extra = sorted(set(given) - set(known))
    if extra:
        raise Invalid(f"Parameters: [{', '.join(extra)}] do not exist in the template")
    values: dict[str, Any] = {}
    missing = [name for name, rule in known.items() if name not in given and "Default" not in rule]
    if missing:
        raise Invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, rule in known.items():
        text = str(given.get(name, rule.get("Default")))
        _check(name, text, rule)
        if rule["Type"].startswith("AWS::SSM::Parameter::Value"):
            values[name] = ssm(text)
        elif rule["Type"] in ("CommaDelimitedList",) or rule["Type"].startswith("List<"):
            values[name] = [part.strip() for part in text.split(",")]
        else:
            values[name] = text
    return values


def _check(name: str, text: str, rule: dict[str, Any]) -> None:
    if "AllowedValues" in rule and text not in [str(v) for v in rule["AllowedValues"]]:
        raise Invalid(f"Parameter '{name}' must be one of AllowedValues")
    if "AllowedPattern" in rule and not re.fullmatch(rule["AllowedPattern"], text):
        raise Invalid(f"Parameter '{name}' must match pattern {rule['AllowedPattern']}")
    if len(text) < int(rule.get("MinLength", 0)):
        raise Invalid(f"Parameter '{name}' must contain at least {rule['MinLength']} characters")
    if rule["Type"] == "Number":
        number = float(text)
        if number < float(rule.get("MinValue", number)) or number > float(rule.get("MaxValue", number)):
            raise Invalid(f"Parameter '{name}' must be a number from {rule.get('MinValue')} to {rule.get('MaxValue')}")


class Values:
    """Works functions out. look(name, attribute) answers for resources."""

    def __init__(self, template: dict[str, Any], given: dict[str, Any], look: Callable[[str, str | None], Any]) -> None:
        self.template, self.given, self.look = template, given, look
        self.secret: Callable[[str], str] = lambda name: name

    def condition(self, name: str) -> bool:
        return bool(self.of(self.template["Conditions"][name]))

    def has(self, part: dict[str, Any]) -> bool:
        return "Condition" not in part or self.condition(part["Condition"])

    def check_rules(self) -> None:
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" in rule and not self.of(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.of(assertion["Assert"]):
                    raise Invalid(f"Template validation error: {assertion['AssertDescription']}")

    def of(self, part: Any) -> Any:
        if isinstance(part, list):
            return [v for v in (self.of(p) for p in part) if v is not DROP]
        if isinstance(part, str):
            return re.sub(r"\{\{resolve:secretsmanager:(.+?)\}\}", lambda m: self.secret(m[1]), part)
        if not isinstance(part, dict):
            return part
        if len(part) == 1:
            ((name, inner),) = part.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._call(name.removeprefix("Fn::"), inner)
        return {k: v for k, v in ((k, self.of(v)) for k, v in part.items()) if v is not DROP}

    def _call(self, name: str, inner: Any) -> Any:
        match name:
            case "Ref":
                return DROP if inner == "AWS::NoValue" else self._ref(inner)
            case "GetAtt":
                return self.look(inner[0], inner[1])
            case "Condition":
                return self.condition(inner)
            case "If":
                return self.of(inner[1] if self.condition(inner[0]) else inner[2])
            case "Sub":
                return self._sub(inner)
            case "Equals":
                a, b = self.of(inner)
                return str(a) == str(b)
            case "Not":
                return not self.of(inner[0])
            case "And":
                return all([self.of(v) for v in inner])
            case "Or":
                return any([self.of(v) for v in inner])
            case "Join":
                return str(inner[0]).join(str(v) for v in self.of(inner[1]))
            case "Select":
                return self.of(inner[1])[int(inner[0])]
            case "Split":
                return self.of(inner[1]).split(inner[0])
            case "GetAZs":
                return [self.given["AWS::Region"] + zone for zone in "abc"]
            case "Base64":
                return base64.b64encode(self.of(inner).encode()).decode()
            case "ToJsonString":
                return json.dumps(self.of(inner))
        raise Invalid(f"Template error: function {name} is not known here")

    def _ref(self, name: str) -> Any:
        return self.given[name] if name in self.given else self.look(name, None)

    def _sub(self, inner: Any) -> str:
        text, own = (inner, {}) if isinstance(inner, str) else (inner[0], {k: self.of(v) for k, v in inner[1].items()})

        def one(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return str(own[name])
            if "." in name:
                return str(self.look(*name.split(".", 1)))
            return str(self._ref(name))

        return self.of(re.sub(r"\$\{([^}]+)\}", one, text))


def needs(part: Any) -> set[str]:
    """The names that a part of a template refers to, explicitly or by DependsOn."""
    if isinstance(part, list):
        return set().union(*(needs(p) for p in part)) if part else set()
    if not isinstance(part, dict):
        return set()
    found = set()
    for name, inner in part.items():
        if name == "Ref":
            found.add(inner)
        elif name == "Fn::GetAtt":
            found.add(inner[0])
        elif name == "Fn::Sub":
            text = inner if isinstance(inner, str) else inner[0]
            found |= {n.split(".")[0] for n in re.findall(r"\$\{([^}!]+)\}", text)}
            found |= needs(inner[1:]) if isinstance(inner, list) else set()
        elif name == "DependsOn":
            found |= {inner} if isinstance(inner, str) else set(inner)
        else:
            found |= needs(inner)
    return found


def order(resources: dict[str, Any]) -> list[str]:
    """The names of resources, each after all that it needs."""
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise Invalid(f"Circular dependency between resources: [{', '.join(path)}]")
        if name in done:
            return
        for other in sorted(needs(resources[name]) & set(resources)):
            visit(other, path + (name,))
        done.append(name)

    for name in resources:
        visit(name, ())
    return done
