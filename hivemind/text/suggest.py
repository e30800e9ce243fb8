"""The nearest right name for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 60


def nearest(wrong: str, names: Iterable[str]) -> str | None:
    """The name most like `wrong`, or None where none is near. Upper and lower case count as equal."""
    if len(wrong) > _LONGEST:
        return None
    import difflib

    by_lower = {name.lower(): name for name in sorted(names, reverse=True)}
    found = difflib.get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    # Two letters swapped in a short name are far apart for difflib.
    found = found or [name for name in by_lower if len(name) > 1 and sorted(name) == sorted(wrong.lower())]
    return by_lower[found[0]] if found else None


def did_you_mean(wrong: str, names: Iterable[str]) -> str | None:
    """`Did you mean NAME?`, or None where no name is near."""
    name = nearest(wrong, names)
    return f"Did you mean {name}?" if name else None


def listed(names: Iterable[str], *, limit: int = 12) -> str:
    """Names sorted, as a short list for a message."""
    ordered = sorted(names)
    more = len(ordered) - limit
    return ", ".join(ordered[:limit]) + (f" and {more} more" if more > 0 else "")
