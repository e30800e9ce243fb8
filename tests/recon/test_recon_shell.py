from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def test_a_start_script_by_its_own_shell(tmp_path: Path) -> None:
    found = seen(tmp_path, {"start.sh": "#!/usr/bin/env bash\necho\n"})
    assert (found.value("language"), found.value("start")) == ("shell", "bash start.sh")


def test_any_other_language_wins(tmp_path: Path) -> None:
    files = {"start.sh": "python app.py\n", "requirements.txt": "flask\n", "app.py": "from flask import Flask\n"}
    assert seen(tmp_path, files).value("language") == "python"


def test_other_scripts_say_nothing(tmp_path: Path) -> None:
    assert seen(tmp_path, {"release.sh": "#!/bin/sh\n"}).value("language") is None
