"""`hivemind validate` of a blueprint that makes 40 resources, against cfn-lint on the template made from it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from benchmarks.peers import command, hivemind
from benchmarks.table import Row
from benchmarks.timing import Runs, interleaved, run

WANTED = 40
SIZES = (
    "t3.micro",
    "t3.small",
    "t3.medium",
    "t3.large",
    "t3.xlarge",
    "t3.2xlarge",
    "m5.large",
    "m5.xlarge",
    "c5.large",
)
SERVICE = (
    "  s{number}: {{kind: web, runtime: python 3.12, start: gunicorn app, port: 8000, health: /up, "
    "size: {size}, routes: [{{path: /s{number}/*}}]}}\n"
)
REGION = "us-east-1"


def blueprint(services: int, size: str = SIZES[0]) -> str:
    """A blueprint with that many services and a database; `size` is that of the first."""
    text = f"hivemind: 1\nname: bench\nregion: {REGION}\nservices:\n"
    for number in range(services):
        text += SERVICE.format(number=number, size=size if number == 0 else SIZES[0])
    return text + "resources:\n  db: {type: postgres}\n"


def template(folder: Path, env: dict[str, str], path: Path) -> int:
    """Writes the template of the smallest such blueprint with at least 40 resources, and returns how many it has."""
    for services in range(1, 20):
        (folder / "hivemind.yaml").write_text(blueprint(services))
        _, out = run([hivemind(), "template", "--json"], env=env, cwd=folder)
        count = len(json.loads(out)["Resources"])
        if count >= WANTED:
            path.write_text(out)
            return count
    raise AssertionError("no blueprint makes 40 resources")


def rows(folder: Path, repeat: int) -> list[Row]:
    lint = command("cfn-lint")
    env = {"HOME": str(folder), "HIVEMIND_HOME": str(folder / "home")}
    made = folder / "template.json"
    count = template(folder, env, made)
    text = (folder / "hivemind.yaml").read_text()
    theirs = Runs()

    def cfn_lint() -> float:
        seconds, _ = run([lint, "--regions", REGION, "--", made], env=env, codes=(0, 4, 8, 12))
        theirs.seconds.append(seconds)
        return seconds

    fresh = itertools.count()

    def first() -> float:
        own = {**env, "HIVEMIND_HOME": str(folder / f"home{next(fresh)}")}
        return run([hivemind(), "validate"], env=own, cwd=folder)[0]

    def repeated() -> float:
        return run([hivemind(), "validate"], env=env, cwd=folder)[0]

    sizes = itertools.cycle(SIZES[1:])
    numbers = itertools.count(8)

    def changed() -> float:
        # Never the same text twice: each run sees a template that is in no cache.
        line = text.replace(f"size: {SIZES[0]}", f"size: {next(sizes)}, disk: {next(numbers)}", 1)
        (folder / "hivemind.yaml").write_text(line)
        seconds = run([hivemind(), "validate"], env=env, cwd=folder)[0]
        (folder / "hivemind.yaml").write_text(text)
        return seconds

    runs, _ = interleaved(repeat, first, cfn_lint)
    again, edited, _ = interleaved(repeat, repeated, changed, cfn_lint)
    note = f"{count} resources"
    return [
        Row("validate, first", "cfn-lint", runs.least, theirs.least, 1.0, note=note),
        Row("validate, repeated", "cfn-lint", again.least, theirs.least, 0.2, note=note),
        Row("validate, one line changed", "cfn-lint", edited.least, theirs.least, 0.6, note=note),
    ]
