"""Releases and rollbacks under load, and what became of every request.

    python -m benchmarks.load                                     100,000 requests, 60 releases, 15 rollbacks
    python -m benchmarks.load --requests 3000 --releases 3 --rollbacks 1
    python -m benchmarks.load --service "strategy: recreate"      must lose some: the client can see a loss

Exits with 1 when a request failed, hung or was cut off, or a row is not there once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.load.trial import Trial, measured
from benchmarks.peers import python_with


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=100_000, help="at least so many (default 100000)")
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second (default 60)")
    parser.add_argument("--releases", type=int, default=60)
    parser.add_argument("--rollbacks", type=int, default=15)
    parser.add_argument("--service", default="", metavar="YAML", help='a line for the service, as "strategy: rolling"')
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every request there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw requests, latency and errors (.svg, .png)")
    given = parser.parse_args()
    trial = Trial(given.requests, given.rate, given.releases, given.rollbacks, given.service)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning", flush=True)
    with tempfile.TemporaryDirectory(prefix="hm-load-") as folder:
        report = measured(Path(folder), trial, say=lambda line: print(line, file=sys.stderr, flush=True))
        print("\n".join(report.lines()))
        data = given.json or Path(folder) / "load.json"
        if given.json or given.plot:
            data.write_text(json.dumps(report.as_json()) + "\n")
        if given.plot:
            script = Path(__file__).with_name("plot.py")
            subprocess.run([python_with("matplotlib"), script, data, given.plot], check=True)
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
