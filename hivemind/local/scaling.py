"""How many instances an Auto Scaling group wants, by the use of their processors. Pure.

Target tracking as AWS describes it (Amazon EC2 Auto Scaling User Guide, "Target tracking scaling policies"): capacity
in proportion to the metric, quickly up, carefully down, and never outside of the group's bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LOW = 0.9
"""Below this share of the target, fewer would do."""


@dataclass(frozen=True)
class Size:
    """Numbers of instances. least, most: bounds of the group. desired: wanted now."""

    least: int
    most: int
    desired: int

    def within(self, wanted: int) -> int:
        """The number that is nearest to the wanted one and within the bounds."""
        return max(self.least, min(self.most, wanted))


@dataclass(frozen=True)
class Load:
    """percent: average use of the instances' processors. seconds_since: since the group's size last changed."""

    percent: float
    seconds_since: float


def wanted(size: Size, load: Load | None, target: float, cooldown: float) -> int:
    """How many instances the group wants. load: None where nothing is measured. target: percent. cooldown: seconds that
    a change is given to have its effect; it goes down one at a time, after twice as long."""
    if load is None or load.seconds_since < cooldown:
        return size.within(size.desired)
    needed = math.ceil(size.desired * load.percent / target)
    if load.percent > target:
        return size.within(needed)
    if load.percent < LOW * target and needed < size.desired and load.seconds_since >= 2 * cooldown:
        return size.within(size.desired - 1)
    return size.within(size.desired)
