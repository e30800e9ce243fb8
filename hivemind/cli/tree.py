"""The tree of a run's stages and steps, as lines of text that fit a window. Pure: events and times in, lines out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hivemind import milestones
from hivemind.values.errors import Stage
from hivemind.values.events import Event, EventKind

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
STACK_TYPE = "AWS::CloudFormation::Stack"
TELLING = {Stage.DEPLOY.value: milestones.RELEASE, Stage.REGISTER.value: milestones.TRAFFIC}
"""Stage -> kind of the steps that say what it came to; what was prepared for it (`upload web`) need not be repeated."""
WORTH_NAMING = 10.0
"""Seconds from which on the longest step of a finished stage is named."""
_NAME_WIDTH = 9
_TIME_WIDTH = 13
_NARROW = 40
"""Columns below which there is no room for times."""


@dataclass
class ShownStep:
    """One step. started, ended: seconds on any one clock. subject: what it started with; message: what was said last.
    outcome: what it ended with. estimate: seconds it should take, None where unknown."""

    name: str
    started: float
    subject: str = ""
    message: str = ""
    outcome: str = ""
    kind: EventKind = EventKind.STARTED
    ended: float | None = None
    estimate: float | None = None

    @property
    def failed(self) -> bool:
        return self.kind is EventKind.FAILED

    @property
    def text(self) -> str:
        """What it is about and how far it is, each once."""
        if self.subject in self.message:
            return self.message
        return "  ".join(dict.fromkeys(part for part in (self.subject, self.message) if part))

    def seconds(self, now: float) -> float:
        return (self.ended if self.ended is not None else now) - self.started

    def add(self, kind: EventKind, message: str, now: float) -> None:
        """What an event says of it. Nothing that comes after its end but a new start changes it."""
        if kind is EventKind.STARTED:
            self.started, self.ended, self.subject, self.message = now, None, message, ""
        elif self.ended is not None:
            return
        elif message and (kind is EventKind.PROGRESS or message != self.subject):
            self.message = message
        if kind in (EventKind.FINISHED, EventKind.FAILED, EventKind.SKIPPED):
            self.ended, self.outcome = now, message
        self.kind = kind


@dataclass
class _Stage:
    name: str
    started: float
    own: ShownStep | None = None
    steps: dict[str, ShownStep] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    """What holds up the end, in its order: resources that are not there yet."""

    def every(self) -> list[ShownStep]:
        return [*([self.own] if self.own else []), *self.steps.values()]

    @property
    def running(self) -> bool:
        if self.own:
            return self.own.ended is None
        return any(step.ended is None for step in self.steps.values())

    @property
    def failed(self) -> bool:
        return any(step.failed for step in self.every())

    @property
    def skipped(self) -> bool:
        return all(step.kind is EventKind.SKIPPED for step in self.every())

    def seconds(self, now: float) -> float:
        if self.running:
            return now - self.started
        return max((step.ended or now for step in self.every()), default=now) - self.started


class Tree:
    """What a run has done so far. `framing`: the step that stands for the whole run, which gets no line."""

    def __init__(self, framing: str = "attempt") -> None:
        self._framing = framing
        self._stages: dict[str, _Stage] = {}

    def add(self, event: Event, now: float) -> None:
        """Takes in one event, received at `now` seconds."""
        event = with_owner(event)
        if event.step == self._framing or event.kind is EventKind.NOTE:
            return
        stage = self._stages.setdefault(event.stage, _Stage(event.stage, now))
        if event.step in ("", milestones.STACK, event.stage):
            step = stage.own = stage.own or ShownStep(event.step or event.stage, now)
        else:
            step = stage.steps.setdefault(event.step, ShownStep(event.step, now))
        step.add(event.kind, event.message, now)
        estimate = event.data.get("estimate")
        step.estimate = float(estimate) if isinstance(estimate, int | float) else step.estimate
        if event.kind is EventKind.PROGRESS:
            self._add_resource(stage, event, now)

    @staticmethod
    def _add_resource(stage: _Stage, event: Event, now: float) -> None:
        """A stack event carries the resource that it is about, which is a step of its own here."""
        status, name, kind = (event.data.get(key) for key in ("status", "logical_id", "type"))
        if not isinstance(status, str) or not isinstance(name, str) or kind == STACK_TYPE:
            return
        step = stage.steps.setdefault(name, ShownStep(name, now, ended=now))
        expected, path = event.data.get("expected"), event.data.get("path")
        step.estimate = float(expected) if isinstance(expected, int | float) else step.estimate
        stage.path = tuple(map(str, path)) if isinstance(path, list | tuple) else stage.path
        if step.failed:  # what a rollback does with it afterwards must not hide why
            return
        if status.endswith("_IN_PROGRESS") and step.ended is not None:
            step.add(EventKind.STARTED, str(kind), now)
        elif status.endswith("_COMPLETE"):
            step.add(EventKind.FINISHED, "", now)
        elif status.endswith("_FAILED"):
            step.add(EventKind.FAILED, str(event.data.get("reason") or status), now)

    def waiting(self, now: float) -> str | None:
        """What runs, with the slowest of it: `provision  shop  33 of 37 resources, Db 2 min 10 s`.

        None when nothing runs.
        """
        running = [
            (step.started, stage, step)
            for stage in self._stages.values()
            for step in stage.every()
            if stage.running and step.ended is None
        ]
        if not running:
            return None
        # The slowest step that is no frame around others says most.
        started, stage, step = min(running, key=lambda entry: (entry[2] is entry[1].own, entry[0]))
        about = f", {step.name}" if step is not stage.own else ""
        if about and step.message:  # why it waits, where it says so
            about += f": {step.message},"
        of = f" of ~{duration(step.estimate)}" if step.estimate and step is not stage.own else ""
        then = f", then {' → '.join(stage.path[1:])}" if stage.path[:1] == (step.name,) and stage.path[1:] else ""
        return f"{stage.name}  {self._text(stage)}{about} {duration(now - started)}{of}{then}"

    def lines(self, now: float, *, width: int, height: int) -> tuple[str, ...]:
        """The tree in at most `height` lines of at most `width` characters. Running stages keep their steps longest."""
        heads = [(stage, self._head(stage, now, width)) for stage in self._stages.values()]
        room = max(0, height - len(heads))
        blocks: list[tuple[str, ...]] = []
        for stage, head in reversed(heads):
            below = self._below(stage, now, width, room)
            room -= len(below)
            blocks.append((head, *below))
        lines = tuple(line for block in reversed(blocks) for line in block)
        return lines[-height:] if height > 0 else ()

    def _head(self, stage: _Stage, now: float, width: int) -> str:
        if stage.running:
            mark = SPINNER[int(now * 4) % len(SPINNER)]
        else:
            mark = "✘" if stage.failed else "–" if stage.skipped else "✔"
        seconds = stage.seconds(now)
        time = duration(seconds)
        if stage.running and stage.own and stage.own.estimate:
            time += f" of ~{duration(stage.own.estimate)}"
        return _fit(f"{mark} {stage.name:{_NAME_WIDTH}} {self._text(stage)}", time, width)

    @staticmethod
    def _text(stage: _Stage) -> str:
        if stage.own and stage.own.text:
            return stage.own.text
        steps = list(stage.steps.values())
        if len(steps) == 1:
            return steps[0].outcome or steps[0].text or steps[0].name
        done = [step for step in steps if step.ended is not None]
        if len(done) == len(steps) and done:
            telling = TELLING.get(stage.name, stage.name)
            done = [step for step in done if step.name.startswith(telling)] or done
            return ", ".join(dict.fromkeys(step.outcome or step.text for step in done if step.text))
        return f"{len(done)} of {len(steps)}"

    def _below(self, stage: _Stage, now: float, width: int, room: int) -> tuple[str, ...]:
        """Lines under a stage: what failed; then what runs, slowest first, or what took longest."""
        failed = [step for step in stage.steps.values() if step.failed]
        lines = [
            _fit(f"   ✘ {step.name}  {step.message or step.subject}", duration(step.seconds(now)), width)
            for step in failed
        ]
        if stage.running:
            running = [step for step in stage.steps.values() if step.ended is None]
            running.sort(key=lambda step: (step.started, step.name))
            if len(stage.steps) > 1 or stage.own:
                lines += [self._step(step, now, width) for step in running]
            if len(stage.path) > 1:
                lines.append(_fit(f"   └ the end waits for {' → '.join(stage.path)}", "", width))
        elif len(stage.steps) > 1 and not failed:
            slowest = max(stage.steps.values(), key=lambda step: step.seconds(now))
            if slowest.seconds(now) >= WORTH_NAMING:
                lines.append(_fit(f"   └ longest: {slowest.name} {duration(slowest.seconds(now))}", "", width))
        if len(lines) > room:
            hidden = len(lines) - max(0, room - 1)
            lines = [*lines[: max(0, room - 1)], _fit(f"   … and {hidden} more", "", width)][:room]
        return tuple(lines)

    @staticmethod
    def _step(step: ShownStep, now: float, width: int) -> str:
        time = duration(step.seconds(now)) + (f" of ~{duration(step.estimate)}" if step.estimate else "")
        return _fit(f"   · {step.name}  {step.text}".rstrip(), time, width)


def with_owner(event: Event) -> Event:
    """The event with the owner of its step in the step's name, where that is a plugin of others."""
    owner = event.data.get("owner")
    return replace(event, step=f"{event.step} ({owner})") if owner else event


def duration(seconds: float) -> str:
    """A length of time as people say it: `3.1 s`, `38 s`, `6 min 02 s`, `1 h 05 min`."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _fit(text: str, time: str, width: int) -> str:
    """Text at the left and a time at the right, in `width` characters, the text cut where it is too long."""
    text = "".join(character if character.isprintable() else " " for character in text)
    if not time or width < _NARROW:
        return text if len(text) <= width else text[: max(0, width - 1)] + "…"
    space = width - max(len(time), _TIME_WIDTH) - 1
    if len(text) > space:
        text = text[: space - 1] + "…"
    return f"{text:<{space}} {time:>{width - space - 1}}"
