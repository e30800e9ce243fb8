"""`instances` of a service: a number, or how far an Auto Scaling group of its instances scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TARGET_CPU = 60
"""Percent of the processors that a group aims at where the blueprint does not say."""


@dataclass(frozen=True)
class Scaling:
    """An Auto Scaling group. least, most: how many instances run. target_cpu: percent of their processors, on
    average, that the group aims at."""

    least: int
    most: int
    target_cpu: int = TARGET_CPU

    def __str__(self) -> str:
        return f"{self.least} to {self.most}" if self.least != self.most else f"{self.least}"


def scaling_of(said: Any) -> Scaling | None:
    """A service's `instances` as written, where it asks for a group; None for a number, and for what says neither."""
    if not isinstance(said, Mapping):
        return None
    numbers = [said.get("min"), said.get("max"), said.get("target_cpu", TARGET_CPU)]
    if not all(isinstance(one, int) for one in numbers):
        return None
    least, most, target = (int(one) for one in numbers)
    return Scaling(least, most, target)
