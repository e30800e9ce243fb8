"""Prints a table: each row HiveMind against a peer, measured in the same run, as a ratio.

Peers are installed by name into environments of their own under the user's cache directory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import apply, demo, path, redeploy, scale, start, validate, waiting
from benchmarks.table import Row, printed
from benchmarks.timing import CommandFailed

PARTS: dict[str, Callable[[Path, int], list[Row]]] = {
    "start": start.rows,
    "validate": validate.rows,
    "scale": scale.rows,
    "apply": apply.rows,
    "demo": demo.rows,
    "redeploy": redeploy.rows,
    "path": path.rows,
    "waiting": waiting.rows,
}
LONG = frozenset({"path", "waiting"})
"""Parts that wait for minutes, and run only where they are named."""


def main() -> int:
    apart = ", ".join(sorted(LONG))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; unless said all but {apart}")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each command (default 7); the minimum counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a row misses its aim")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    rows: list[Row] = []
    failed = False
    for name in arguments.parts or [one for one in PARTS if one not in LONG]:
        print(f"== {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="hm-bench-") as folder:
            try:
                rows += PARTS[name](Path(folder), arguments.repeat)
            except CommandFailed as error:
                print(f"   {name}: {error}", file=sys.stderr, flush=True)
                failed = True
    print(printed(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")
    missed = arguments.strict and any(row.reached is False for row in rows)
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
