"""Measures Recon on files of known cases: accuracy by field with 95 % confidence intervals, time and memory.

With `--sources DIR`, a case whose sources lie in DIR (folder name: the id with `/`, `:` and `#` as `_`) is read there.
Any other is laid out in a temporary folder as its manifests alone, since of the other files it has only the names: what
its labels say of those can't be measured then, and is left out and counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from benchmarks.recon import cases as known
from benchmarks.recon.cases import Case
from benchmarks.recon.report import Measured, print_report
from benchmarks.recon.scoring import scores


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recon", description=__doc__)
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FILE", help="JSON Lines files of cases, or folders of such"
    )
    parser.add_argument("--predictions", type=Path, metavar="OUT", help="write one JSON object a case there")
    parser.add_argument("--peers", action="store_true", help="also run the peers (needs npm)")
    parser.add_argument("--sources", type=Path, metavar="DIR", help="folder of real sources")
    parser.add_argument("--misses", metavar="FIELD", nargs="?", const="*", help="list what was missed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hm-recon-") as temporary:
        os.environ["HIVEMIND_HOME"] = temporary  # nothing is remembered of an earlier run: each look is a first one
        out = arguments.predictions.open("w", encoding="utf-8") if arguments.predictions else None
        for name, cases in known.read(arguments.paths):
            place = Path(temporary) / name
            measured = _measure(cases, place, arguments.sources, out)
            print_report(name, measured, misses=arguments.misses)
            if arguments.peers:
                from benchmarks.recon.peers import print_peers

                print_peers(measured)
        if out:
            out.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\npeak memory {memory} MB")
    return 0


def _measure(cases: list[Case], place: Path, sources: Path | None, out: TextIO | None) -> list[Measured]:
    from benchmarks.recon.reading import predict

    sizes = Counter(case.group for case in cases)
    measured = []
    for number, case in enumerate(cases):
        real = sources / case.id.translate(str.maketrans("/:#", "___")) if sources else None
        alone = real is None or not real.is_dir()
        folder = place / str(number) / "app" if real is None or alone else real
        if alone:
            folder.mkdir(parents=True)
            known.lay_out(case, folder)
        began = time.perf_counter()
        predicted: dict[str, Any] = predict(folder)
        seconds = time.perf_counter() - began
        if out:
            out.write(json.dumps({"id": case.id, **predicted}) + "\n")
        unread = "names of files alone, no contents" if alone and not case.manifests else None
        held = replace(case, left_out=case.left_out or unread)
        weight = 1 / sizes[case.group]
        compared = scores(held, predicted, weight, manifests_alone=alone) if held.left_out is None else []
        measured.append(Measured(held, folder, predicted, compared, seconds, alone))
    return measured


if __name__ == "__main__":
    sys.exit(main())
