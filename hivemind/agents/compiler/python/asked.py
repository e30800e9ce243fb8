"""What an install of Python packages is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Asked:
    """What to install.

    lines: requirement lines, local paths left out. constraints: lines that pin them. locals: folders
    of local projects, relative to the service, to install without dependencies. whole: local projects (with
    `[extras]`) whose dependencies are known only to their build. pinned: out of a lock, with hashes, to install
    without dependencies; direct: the same for what has no hashes. contradictions: what a lock has no answer for.
    options: pip's own. commands: install commands that are not pip's, run as they are.
    """

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    locals: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    direct: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
