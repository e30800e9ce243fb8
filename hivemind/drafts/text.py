"""A draft as the text of hivemind.yaml, with comments."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.provided import is_given, is_needless, url_variable
from hivemind.blueprint.resolve import PROVIDED
from hivemind.detections.detection import is_secret
from hivemind.drafts import naming
from hivemind.drafts.draft import Draft, Part, types_needed
from hivemind.text.visible import visible

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer

MODELINE = "# yaml-language-server: $schema=.hivemind/schema.json"
"""Where `hivemind schema --write` puts the schema, as editors look for it."""
_HEADER = "# HiveMind detects everything else in the code at each run: `hivemind show` prints it, with its origins."
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?<![-.])")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def text(made: Draft) -> str:
    """The file. Everything that comes from the repository is quoted where it must be."""
    lines = [MODELINE, _HEADER, "hivemind: 1", f"name: {made.name}"]
    lines += [_line("", key, value, made.reasons.get(key)) for key, value in made.top.items()]
    lines.append("services:")
    for part in made.services.values():
        lines += _service(part)
    for what, line in made.beside:
        lines += [_comment(f"  # {what}, which this file leaves out. A service for it:"), _comment(f"  #   {line}")]
    if made.resources:
        lines.append("resources:")
        lines += [f"  {name}: {_value(options)}" for name, options in made.resources.items()]
    if made.stage or (made.environment and made.environment != "production"):
        stage = f"stage: {made.stage}" if made.stage else ""
        lines += ["environments:", f"  {made.environment or 'production'}: {{{stage}}}"]
    return "\n".join(lines) + "\n"


def _service(part: Part) -> list[str]:
    """The lines of one service: its keys, and what Recon could not find, as comments to be filled in."""
    inside = [_line("    ", key, value, part.reasons.get(key)) for key, value in part.keys.items()]
    remarks = []
    if not part.seen.serves:
        remarks.append("    # Not found; write `start: COMMAND`, for example `gunicorn app:app --bind 0.0.0.0:$PORT`")
    types = types_needed(part)
    own = {url_variable(PROVIDED[kind]) for kind in types} | {*part.keys.get("env", {}), *part.keys.get("secrets", {})}
    for variable in part.seen.several["env_required"]:
        name = str(variable.value)
        if name in own or is_given(name, types) or is_needless(name, types):
            continue
        example = f"secrets: {{{name}: ssm:/NAME}}" if is_secret(name) else f"env: {{{name}: VALUE}}"
        remarks.append(_comment(f"    # Nothing sets {name} ({variable.evidence}). Add: {example}"))
    for what, line in left_out(part):
        remarks.append(_comment(f"    # {what}, which this file leaves out. A service for it:"))
        remarks.append(_comment(f"    #   {line}"))
    head = f"  {part.name}:" if inside else f"  {part.name}: {{}}"
    return [head, *inside, *remarks]


def left_out(part: Part) -> list[tuple[str, str]]:
    """Processes beside the one that is started: what each is, and the service that would run it."""
    found = []
    for word, name in (("worker", "workers"), ("scheduler", "schedulers")):
        several = part.seen.several[name]
        for number, each in enumerate(several, 1):
            own = word if part.name == "web" else f"{part.name}-{word}"
            service = own if len(several) == 1 else f"{own}-{number}"
            start = f"{{path: {_value(part.folder)}, kind: worker, start: {json.dumps(each.value)}}}"
            found.append((f"The repository also has a {word} ({each.evidence})", f"{service}: {start}"))
    return found


def applications_beside(names: Container[str], found: Mapping[str, Answer]) -> tuple[tuple[str, str], ...]:
    """What each application is that lies below one that is a service, and the service that would run it. names: those
    that are taken. found: folder -> what Recon says of it."""
    lines = []
    for name, (folder, seen) in naming.services(found).items():
        own = name if name not in names else f"{name}-2"
        worker = seen.value("kind") == "worker"
        routes = "" if worker else f', routes: ["/{own}/*"]'
        what = seen.value("framework") or seen.value("language")
        lines.append((f"The repository also has {folder}/ ({what})", f"{own}: {{path: {_value(folder)}{routes}}}"))
    return tuple(lines)


def _line(indent: str, key: str, value: Any, reason: str | None) -> str:
    return _comment(f"{indent}{key}: {_value(value)}" + (f"  # {reason}" if reason else ""))


def _comment(line: str) -> str:
    """A line that stays one line, whatever the repository or the description has in it."""
    return visible(line)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value.lower() in _NOT_TEXT):
        return json.dumps(value)
    return str(value)
