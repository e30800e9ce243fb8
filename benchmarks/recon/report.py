"""The printed table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.recon.cases import Case
from benchmarks.recon.scoring import FIELDS, Score, language, layout_port, start_names_a_source, wilson

TARGETS = {
    "language": 99,
    "framework": 90,
    "package_manager": 98,
    "start": 85,
    "port": 90,
    "needs_database": 90,
    "kind": 95,
}


@dataclass(frozen=True)
class Measured:
    """A case with what Recon said of it. seconds: of reading and detecting. manifests_alone: whether its sources were
    not there."""

    case: Case
    folder: Path
    predicted: dict[str, Any]
    scores: list[Score]
    seconds: float
    manifests_alone: bool = False


def print_report(name: str, measured: list[Measured], misses: str | None = None) -> None:
    """Accuracy by field, confusion by language, what was left out, time."""
    scored = [each for each in measured if each.case.left_out is None]
    print(f"\n{name}: {len(scored)} cases scored of {len(measured)}")
    for reason, count in Counter(each.case.left_out for each in measured if each.case.left_out).items():
        print(f"  left out: {count} ({reason})")
    if layouts := sum(layout_port(each.case) for each in scored):
        print(f"  left out of port: {layouts} (port 80 of the other platform's own file server)")
    alone = [each for each in scored if each.manifests_alone]
    if alone:
        hidden = sum(start_names_a_source(each.case) for each in alone)
        print(f"  read from manifests alone, without sources: {len(alone)} of {len(scored)}")
        print(f"  not measurable from these: {hidden} of start (the label names a source file)")
    print(f"  {'field':<16} {'n':>4} {'right':>6} {'%':>6}  95 % interval   one a group  target")
    for field in FIELDS:
        _print_field(field, [score for each in scored for score in each.scores if score.field == field])
    _print_confusion(scored)
    seconds = sorted(each.seconds for each in measured)
    print(
        f"  time: {sum(seconds):.1f} s in all, median {seconds[len(seconds) // 2] * 1000:.0f} ms, "
        f"longest {seconds[-1] * 1000:.0f} ms"
    )
    for each in scored if misses else ():
        for score in each.scores:
            if score.share < 1 and misses in {"*", score.field}:
                print(f"  {score.field:<15} {score.case}: expected {score.expected!r}, said {score.predicted!r}")


def _print_field(field: str, found: list[Score]) -> None:
    if not found:
        print(f"  {field:<16}    0")
        return
    right = sum(score.share for score in found)
    low, high = wilson(right, len(found))
    unique = sum(score.share * score.weight for score in found) / sum(score.weight for score in found)
    target = TARGETS.get(field)
    verdict = "" if target is None else f"{target} {'ok' if right / len(found) * 100 >= target else 'MISSED'}"
    shown = f"{right:.0f}" if right == int(right) else f"{right:.1f}"
    print(
        f"  {field:<16} {len(found):>4} {shown:>6} {right / len(found):>6.1%}  {low:>5.1%} - {high:<6.1%}"
        f"  {unique:>6.1%}       {verdict}"
    )


def _print_confusion(scored: list[Measured]) -> None:
    pairs: dict[str, Counter[str]] = {}
    for each in scored:
        for score in each.scores:
            if score.field == "language":
                said = language(score.predicted) if score.predicted else "nothing"
                pairs.setdefault(language(score.expected), Counter())[said] += 1
    print(
        "  language: " + ", ".join(f"{name} {counts[name]}/{counts.total()}" for name, counts in sorted(pairs.items()))
    )
    wrong = [
        (name, said, count) for name, counts in sorted(pairs.items()) for said, count in counts.items() if said != name
    ]
    for name, said, count in wrong:
        print(f"    {name} taken for {said}: {count}")
