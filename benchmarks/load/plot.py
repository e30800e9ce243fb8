"""Draws a trial: requests, latency and errors over time, with the switches marked. Runs where matplotlib is.

python plot.py DATA.json PICTURE.svg
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

QUICK = {"page", "fresh", "write", "long"}


def main(source: str, picture: str) -> None:
    with open(source, encoding="utf-8") as file:  # noqa: PTH123
        data = json.load(file)
    by_second: dict[int, list[float]] = defaultdict(list)
    wrong: dict[int, int] = defaultdict(int)
    for one in data["answered"]:
        second = int(one["due"])
        if one["wrong"]:
            wrong[int(one["due"] + one["seconds"])] += 1
        elif one["kind"] in QUICK:
            by_second[second].append(one["seconds"] * 1000)
    seconds = sorted(by_second)
    figure, (rate, latency, errors) = plt.subplots(3, 1, sharex=True, figsize=(12, 7), layout="constrained")
    rate.plot(seconds, [len(by_second[second]) for second in seconds], linewidth=0.8, color="tab:blue")
    rate.set(ylabel="requests / s", ylim=(0, None))
    latency.plot(seconds, [_part(by_second[second], 0.5) for second in seconds], linewidth=0.8, label="median")
    latency.plot(seconds, [_part(by_second[second], 0.99) for second in seconds], linewidth=0.8, label="p99")
    latency.set(ylabel="ms", yscale="log")
    latency.legend(loc="upper right")
    errors.bar(list(wrong), list(wrong.values()), color="tab:red", width=1.0)
    errors.set(ylabel="lost / s", xlabel="seconds", ylim=(0, max([1, *wrong.values()])))
    for axis in (rate, latency, errors):
        for begin, end in data["switches"]:
            axis.axvspan(begin, end, color="tab:green", alpha=0.15, linewidth=0)
    lost = sum(wrong.values())
    rate.set_title(f"{len(data['answered'])} requests, {len(data['done'])} releases and rollbacks (green), {lost} lost")
    figure.savefig(picture)


def _part(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


if __name__ == "__main__":
    main(*sys.argv[1:])
