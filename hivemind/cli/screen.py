"""The command line as a face of the flow: lines on standard error, questions in the terminal, a run as it goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from hivemind.cli.context import note
from hivemind.cli.paragraphs import folded
from hivemind.pipeline import Decision, Proposal, ProposedStep
from hivemind.values.interrupts import OnInterrupt

if TYPE_CHECKING:
    from hivemind.cli.progress import Renderer
    from hivemind.values.events import Event
    from hivemind.values.findings import Finding
    from hivemind.values.interrupts import Offer

NOBODY = "Cannot ask for approval: no terminal."


class Screen:
    """Used as a context manager around the call into the flow: what is shown of a run is at its end when that ends.

    as_json: whether standard output is for programs. yes: whether what a run asks on its way was answered before.
    """

    def __init__(self, *, as_json: bool, yes: bool = False) -> None:
        self.as_json = as_json
        self.yes = yes
        self._renderer: Renderer | None = None
        self._lock = threading.Lock()
        self._kept: list[Event] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renderer is not None:
            self._renderer.__exit__(kind, error, trace)

    def note(self, text: str, *, aside: bool = False) -> None:
        if not (aside and self.as_json):
            note(text)

    def findings(self, found: Sequence[Finding]) -> None:
        """Warnings, as text; a command that prints data has them in its data."""
        remarks = warnings(found)
        if remarks and not self.as_json:
            from hivemind.cli.findings import render

            render(remarks, as_json=False)

    def approve(self, proposal: Proposal) -> Decision:
        """Of a step of a run. A command that makes other proposals shows them itself."""
        if not isinstance(proposal, ProposedStep):
            return Decision.no("This command changes nothing.")
        if self.yes:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no(NOBODY, f"The question was: {proposal.question} To agree beforehand, pass --yes.")
        agreed = self._agreed(f"{proposal.question} ({proposal.step})")
        return Decision.yes() if agreed else Decision.no("")

    def confirmed(self, question: str, command: str, declined: str) -> Decision:
        """A question that is answered by y or n. command: the one that agrees beforehand. declined: what a no means."""
        if self.yes:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no(NOBODY, f"Pass --yes: {command}")
        return Decision.yes() if click.confirm(question, err=True) else Decision.no(declined)

    def interrupted(self, offers: Sequence[Offer]) -> OnInterrupt | None:
        if self.as_json or not sys.stdin.isatty():
            return None
        with self._aside():
            click.echo(err=True)
            for offer in offers:
                click.echo(folded([f"CloudFormation is at work on {offer.what}; HiveMind only watches."]), err=True)
            then = " and ".join(offer.then for offer in offers)
            click.echo(f"  c  cancel: CloudFormation {then}\n  d  detach: CloudFormation continues", err=True)
            click.echo("  w  keep watching", err=True)
            keys = {"c": OnInterrupt.CANCEL, "d": OnInterrupt.DETACH, "w": OnInterrupt.WAIT}
            try:
                chosen = click.prompt("What now?", type=click.Choice(list(keys)), default="w", err=True)
            except click.Abort:  # a second Ctrl-C
                return OnInterrupt.DETACH
            return keys[chosen]

    def progress(self, event: Event) -> None:
        with self._lock:
            if self._kept is None:
                self._show(event)
            else:
                self._kept.append(event)

    def _agreed(self, question: str) -> bool:
        """Asks in the midst of a run."""
        try:
            with self._aside():
                return click.confirm(question, err=True)
        except click.Abort:
            raise KeyboardInterrupt from None

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """While somebody is asked something: what happens meanwhile is shown afterwards, not drawn over it."""
        with self._lock:
            self._kept = []
            if self._renderer is not None:
                self._renderer.__exit__(None, None, None)
        try:
            yield
        finally:
            with self._lock:
                if self._renderer is not None:
                    self._renderer.__enter__()
                for event in self._kept:
                    self._show(event)
                self._kept = None

    def _show(self, event: Event) -> None:
        if self._renderer is None:
            from hivemind.cli.progress import renderer

            self._renderer = renderer(self.as_json, sys.stdout).__enter__()
        self._renderer(event)


def warnings(found: Sequence[Finding]) -> list[Finding]:
    """Those that people are shown in passing: all but remarks."""
    return [finding for finding in found if finding.severity != "info"]
