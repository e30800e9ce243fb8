"""`hivemind artifacts`: what builds keep on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import json_option, yes_option

if TYPE_CHECKING:
    from hivemind.pipeline import Kept

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@click.group("artifacts")
def command() -> None:
    """List or delete what builds keep on this machine.

    Builds keep artifacts, layers, dependencies and downloads.
    """


@command.command("list")
@json_option
def listed(as_json: bool) -> None:
    """List the artifact store, most recently used first."""
    from hivemind.cli.table import table

    found = list(reversed(pipeline.kept()))
    total = sum(kept.size for kept in found)
    if as_json:
        said = {
            "folder": str(pipeline.store()),
            "limit": pipeline.kept_limit(),
            "size": total,
            "artifacts": [_entry(one) for one in found],
        }
        click.echo(json.dumps(said))
        return
    if not found:
        click.echo("This machine has built nothing yet. Build and deploy: hivemind apply")
        return
    rows = [(one.kind, one.name[:16], _size(one.size), _when(one.used), _words(one)) for one in found]
    click.echo(table([("KIND", "DIGEST", "SIZE", "LAST USED", ""), *rows]))
    click.echo(f"\n{_size(total)} of {_size(pipeline.kept_limit())} used in {pipeline.store()}")


@command.command("prune")
@click.option("--to", "to", metavar="SIZE", help="Shrink the store to SIZE (500M, 2G). Default: the limit, 5G.")
@click.option("--all", "everything", is_flag=True, help="Delete everything that no build used in the last hour.")
@yes_option
@json_option
def pruned(to: str | None, everything: bool, yes: bool, as_json: bool) -> None:
    """Delete the least recently used entries. Deployments keep running; a later release may have to build again."""
    most = 0 if everything else _bytes(to) if to else pipeline.kept_limit()
    if everything and not yes and not as_json:
        click.confirm("Delete all artifacts, layers and downloads from this machine?", abort=True)
    removed = pipeline.prune(most)
    left = sum(kept.size for kept in pipeline.kept())
    if as_json:
        click.echo(json.dumps({"removed": [_entry(one) for one in removed], "size": left}))
        return
    freed = sum(kept.size for kept in removed)
    noun = "entry" if len(removed) == 1 else "entries"
    click.echo(f"Deleted {len(removed)} {noun} ({_size(freed)}). The store now has {_size(left)}.")


@command.command("log")
@click.argument("service", required=False)
@click.option("--grep", "pattern", metavar="TEXT", help="Print lines that contain TEXT from all kept logs.")
def logged(service: str | None, pattern: str | None) -> None:
    """Print or search build logs.

    Prints the log of the last build of SERVICE. With --grep, searches the logs of all kept builds.
    """
    files = pipeline.build_logs(service)
    if service and not files:
        raise click.UsageError(f"no build log of {service} on this machine")
    for file in files if pattern else files[-1:]:
        text = file.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if pattern is None:
                click.echo(line)
            elif pattern.lower() in line.lower():
                click.echo(f"{file.name}:{number}: {line}")


def _entry(kept: Kept) -> dict[str, object]:
    return {
        "kind": kept.kind,
        "name": kept.name,
        "path": str(kept.path),
        "size": kept.size,
        "used": datetime.fromtimestamp(kept.used, UTC).isoformat(timespec="seconds"),
        "service": kept.service,
        "runtime": kept.runtime,
        "layers": list(kept.layers),
    }


def _words(kept: Kept) -> str:
    if kept.kind != "application":
        return ""
    layers = f", {len(kept.layers)} layer{'s' if len(kept.layers) > 1 else ''}" if kept.layers else ""
    return f"{kept.service or ''}  {kept.runtime or ''}{layers}".strip()


def _size(size: int) -> str:
    for unit, factor in reversed(_UNITS.items()):
        if size >= factor * 0.95 and unit:
            return f"{size / factor:.1f} {unit.lower() if unit == 'K' else unit}B"
    return f"{size} B"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _bytes(text: str) -> int:
    number, unit = text.upper().removesuffix("B").strip(), ""
    if number[-1:] in {"K", "M", "G", "T"}:
        number, unit = number[:-1].strip(), number[-1]
    try:
        return int(float(number) * _UNITS[unit])
    except ValueError:
        raise click.BadParameter(f"{text} is not a size; write 500M or 2G", param_hint="--to") from None
