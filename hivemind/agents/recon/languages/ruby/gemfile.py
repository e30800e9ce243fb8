"""Gemfile and its lock. A Gemfile is a Ruby program: this reader takes its `gem`, `ruby` and `group` lines, no more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Spot

_GEM = re.compile(r"^\s*gem\s*\(?\s*[\"']([\w.-]+)[\"'](.*)")
_GROUP = re.compile(r"^\s*group\s*\(?\s*(.+?)\)?\s+do\b")
_BLOCK = re.compile(r"\bdo\b(?:\s*\|[^|]*\|)?\s*$|^\s*(?:if|unless|case)\b")
_RUBY = re.compile(r"^\s*ruby\s*\(?\s*((?:[\"'][^\"']+[\"']\s*,?\s*)+)")
_ASIDE = re.compile(r":(?:development|test|dev|ci|debug|doc|docs|lint|tools)\b")


@dataclass
class Gems:
    """used: gems that production installs -> where they stand. locked: gem -> version of the lock file.
    ruby: what the Gemfile asks for, and its line."""

    file: str
    used: dict[str, Spot] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)
    ruby: tuple[str, int] | None = None
    locked_ruby: tuple[str, str, int] | None = None

    def first(self, *names: str) -> str | None:
        return next((name for name in names if name in self.used), None)


def read(folder: Folder) -> Gems | None:
    """The gems of a folder; None where there is neither Gemfile nor gems.rb."""
    file = folder.first("Gemfile", "gems.rb")
    if file is None:
        return None
    gems = Gems(file)
    blocks: list[bool] = []
    for number, raw in enumerate((folder.text(file, limit=200_000) or "").splitlines(), 1):
        line = raw.split(" #")[0] if not raw.lstrip().startswith("#") else ""
        if match := _GROUP.match(line):
            blocks.append(_only_aside(match[1]))
        elif re.match(r"\s*end\b", line) and blocks:
            blocks.pop()
        elif match := _GEM.match(line):
            inline = re.search(r"groups?:\s*(\[[^\]]*\]|:\w+)|:groups?\s*=>\s*(\[[^\]]*\]|:\w+)", match[2])
            if not any(blocks) and not (inline and _only_aside(inline[1] or inline[2])):
                gems.used.setdefault(match[1], (file, number))
        elif match := _RUBY.match(line):
            gems.ruby = (", ".join(re.findall(r"[\"']([^\"']+)[\"']", match[1])), number)
        elif _BLOCK.search(line):
            blocks.append(False)
    _locked(folder, gems)
    return gems


def _only_aside(groups: str) -> bool:
    names = re.findall(r":\w+|[\"']\w+[\"']", groups)
    return bool(names) and all(_ASIDE.match(":" + name.strip(":\"'")) for name in names)


def _locked(folder: Folder, gems: Gems) -> None:
    file = folder.first("Gemfile.lock", "gems.locked")
    following = False
    for number, line in enumerate((folder.text(file) or "").splitlines() if file else (), 1):
        if match := re.match(r"    ([\w.-]+) \(([\d.]+[\w.]*)", line):
            gems.locked.setdefault(match[1], match[2])
        elif file and following and (match := re.match(r"\s+ruby (\d+\.\d+\.\d+)", line)):
            gems.locked_ruby = (match[1], file, number)
        following = line.strip() == "RUBY VERSION"
