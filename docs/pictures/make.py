"""Makes the pictures of the README again, from a real run: python docs/pictures/make.py

Needs tmux (the terminal that is photographed) and HiveMind with its `local` extra. A local cloud of its own is started
below a temporary folder and removed at the end. apply.svg is written beside this file.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).parent
BLUEPRINT = HERE.parents[1] / "blueprints/python-postgres"
COLUMNS, LINES = 88, 40
LONGEST = 180.0
"""Seconds that a deployment may take."""

THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207),
     (177, 186, 196)],
    [(110, 118, 129), (255, 161, 152), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255),
     (86, 212, 221), (240, 246, 252)],
)  # fmt: skip


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._socket = str(folder / "tmux")
        self._environment = environment
        size = ("-x", str(COLUMNS), "-y", str(LINES))
        self._tmux("-f", os.devnull, "new-session", "-d", *size, "-c", str(folder), "env PS1='$ ' sh")

    def type(self, line: str) -> None:
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def text(self) -> str:
        """What has been shown, with its colours."""
        return self._tmux("capture-pane", "-e", "-p", "-S", "-")

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self._environment).stdout


def photograph(shown: str, title: str) -> str:
    """The terminal's content as SVG, with fonts of the reader's machine."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), color_system="truecolor")  # noqa: PTH123, SIM115
    console.print(Text.from_ansi(shown.rstrip()), soft_wrap=False)
    svg = console.export_svg(title=title, theme=THEME, unique_id="hivemind")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    fonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {fonts}")
    return svg.replace("<text ", '<text xml:space="preserve" ')


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="hivemind-picture-"))
    environment = os.environ | {"HIVEMIND_HOME": str(folder / "home"), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    project = folder / "guestbook"
    shutil.copytree(BLUEPRINT, project)
    terminal = Terminal(project, environment | {"COLORTERM": "truecolor"})
    try:
        terminal.type("clear; hivemind apply --local --yes")
        end = time.monotonic() + LONGEST
        while "Next: hivemind" not in (shown := terminal.text()):
            if time.monotonic() > end:
                sys.exit(f"no end after {LONGEST:g} s:\n{shown}")
            time.sleep(0.2)
        shown = "$ hivemind apply --local --yes\n" + shown.rsplit("\n$", 1)[0]
        (HERE / "apply.svg").write_text(photograph(shown, "guestbook"))
        sys.stdout.write(shown)
    finally:
        terminal.close()
        subprocess.run([*shlex.split("hivemind local reset --yes")], env=environment, check=False, cwd=project)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
