"""YAML with CloudFormation's short forms of intrinsic functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

SHORT = {
    "Ref": "!Ref",
    "Fn::Base64": "!Base64",
    "Fn::GetAZs": "!GetAZs",
    "Fn::Join": "!Join",
    "Fn::Select": "!Select",
    "Fn::Split": "!Split",
    "Fn::Sub": "!Sub",
}

PLAIN = ("!Ref", "!GetAtt")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  - never write anchors: CloudFormation refuses them
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def choose_scalar_style(self) -> Any:
        # PyYAML quotes every scalar with a tag of its own; a logical id needs none.
        if getattr(self.event, "tag", None) in PLAIN:
            return ""
        return super().choose_scalar_style()


def _mapping(dumper: _Dumper, value: dict[str, Any]) -> yaml.Node:
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Fn::GetAtt" and isinstance(argument, list) and all(isinstance(part, str) for part in argument):
            return dumper.represent_scalar("!GetAtt", ".".join(argument))
        # A short form can't stand directly inside another one (`!Base64 !Sub`): there the outer one stays long.
        if name in SHORT:
            if isinstance(argument, list):
                return dumper.represent_sequence(SHORT[name], argument, flow_style=_is_flat(argument))
            if isinstance(argument, str):
                return dumper.represent_scalar(SHORT[name], argument, style=_style(argument))
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items())


def _is_flat(items: list[Any]) -> bool:
    return all(not isinstance(item, list | dict) for item in items)


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=_style(value))


def _style(text: str) -> str | None:
    return "|" if "\n" in text else None


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(str, _text)


def dump(template: Mapping[str, Any]) -> str:
    """The template, already in its canonical order, as YAML text."""
    return yaml.dump(dict(template), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
