"""`hivemind validate` and `plan` for blueprints that make ever more resources, against cfn-lint on the same templates.

Each run finds no cache and no resident worker, as in a fresh checkout. The smallest deployment that there is has 25
resources, and CloudFormation accepts 500: beyond that, what is measured is how quickly it is refused.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from benchmarks.peers import command, hivemind
from benchmarks.table import Row
from benchmarks.timing import Runs, interleaved, run

REGION = "us-east-1"
#: Services, instances and routes of each, and caches: about 25, 50, 200, 480 and 2,000 resources.
SHAPES = ((0, 0, 0, 0), (1, 12, 1, 0), (22, 2, 1, 0), (40, 2, 2, 30), (40, 42, 2, 0))
WORKER = "environments: {production: {stage: stage-1}}\nservices:\n  w: {kind: worker, start: python3 app.py}\n"
SERVICE = "  s%d: {kind: web, start: python3 app.py, port: 8000, health: /up, instances: %d, routes: [%s]}\n"
LINEAR = 1.3  # what a further resource may cost at 480, over what it costs at 200
LARGEST = 470


def blueprint(services: int, instances: int, routes: int, caches: int) -> str:
    """A blueprint of that many web services and caches; with none, of a single worker in stage-1."""
    text = f"hivemind: 1\nname: bench\nregion: {REGION}\n"
    if not services:
        return text + WORKER
    text += "services:\n"
    for number in range(services):
        paths = ", ".join(f"{{path: /s{number}-{route}/*}}" for route in range(routes))
        text += SERVICE % (number, instances, paths)
    return text + ("resources:\n" if caches else "") + "".join(f"  c{n}: {{type: redis}}\n" for n in range(caches))


def rows(folder: Path, repeat: int) -> list[Row]:
    repeat = min(repeat, 3)
    table: list[Row] = []
    validated: dict[int, float] = {}
    for number, shape in enumerate(SHAPES):
        project = folder / f"project{number}"
        project.mkdir()
        (project / "hivemind.yaml").write_text(blueprint(*shape))
        (project / "app.py").write_text("")
        (project / "requirements.txt").write_text("")
        table += _measured(project, folder / f"homes{number}", repeat, validated)
    few, *_, some, many = sorted(validated)
    first = (validated[some] - validated[few]) / (some - few)
    last = (validated[many] - validated[some]) / (many - some)
    name = f"validate, a further resource, at {some}-{many}"
    table.append(Row(name, f"the same at {few}-{some}", last * 1000, first * 1000, LINEAR, unit="ms"))
    return table


def _measured(project: Path, homes: Path, repeat: int, validated: dict[int, float]) -> list[Row]:
    lint = command("cfn-lint")
    fresh = itertools.count()
    homes.mkdir()

    def ours(what: str) -> float:
        home = homes / str(next(fresh))
        env = {"HOME": str(homes), "HIVEMIND_HOME": str(home)}
        return run([hivemind(), what], env=env, cwd=project, codes=(0, 3))[0]

    made = homes / "template.json"
    env = {"HOME": str(homes), "HIVEMIND_HOME": str(homes / "made")}
    _, out = run([hivemind(), "template", "--json"], env=env, cwd=project, codes=(0, 3))
    resources = json.loads(out).get("Resources")
    if resources is None:
        refused, planned = interleaved(repeat, lambda: ours("validate"), lambda: ours("plan"))
        note = f"{refusals(project)}"
        return [
            Row("validate, refused", "", refused.least, None, None, note=note),
            Row("plan, refused", "", planned.least, None, None, note=note),
        ]
    made.write_text(out)
    theirs = Runs()

    def cfn_lint() -> float:
        theirs.seconds.append(run([lint, "--regions", REGION, "--", made], env=env, codes=(0, 4, 8, 12))[0])
        return theirs.seconds[-1]

    checked, planned, peer = interleaved(repeat, lambda: ours("validate"), lambda: ours("plan"), cfn_lint)
    count = len(resources)
    validated[count] = checked.least
    aim = 1.2 if count >= LARGEST else None
    return [
        Row(f"validate, {count} resources", "cfn-lint", checked.least, peer.least, aim),
        Row(f"plan, {count} resources", "cfn-lint", planned.least, peer.least, aim),
    ]


def refusals(project: Path) -> str:
    """What a blueprint over CloudFormation's limits is told."""
    _, out = run([hivemind(), "validate", "--json"], cwd=project, codes=(3,))
    found = [finding for finding in json.loads(out)["findings"] if finding["severity"] == "error"]
    return f"{found[0]['id']} {found[0]['message']}"
