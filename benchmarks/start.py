"""How long it takes until a command says anything at all."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import command, hivemind
from benchmarks.table import Row
from benchmarks.timing import interleaved, run


def rows(folder: Path, repeat: int) -> list[Row]:
    sam, aws = command("sam"), command("aws")
    home = {"HOME": str(folder)}
    help_, version, sam_runs, aws_runs = interleaved(
        max(repeat, 15),
        lambda: run([hivemind(), "--help"], env=home)[0],
        lambda: run([hivemind(), "--version"], env=home)[0],
        lambda: run([sam, "--version"], env=home)[0],
        lambda: run([aws, "--version"], env=home)[0],
    )
    return [
        Row("--help", "sam --version", help_.least, sam_runs.least, 0.8, note=f"median {help_.median:.3f} s"),
        Row("--help", "aws --version", help_.least, aws_runs.least, None),
        Row("--version", "sam --version", version.least, sam_runs.least, None),
    ]
