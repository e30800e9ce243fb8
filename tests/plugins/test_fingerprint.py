"""The digest of a plugin: another one as soon as anything of it changes, the same wherever it lies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_plugins import SCHEMA, Install

from hivemind import ExitCode, HiveMindError
from hivemind.plugins.fingerprint import fingerprint
from hivemind.plugins.loading import load

pytestmark = pytest.mark.fast


def of(name: str, project: Path | None = None) -> str:
    return fingerprint(next(one for one in load(project=project).list() if one.name == name))


def test_it_is_the_same_as_long_as_nothing_changes(install: Install) -> None:
    install("acme", SCHEMA)
    assert of("acme") == of("acme")


def test_a_module_changes(install: Install) -> None:
    module = install("acme", SCHEMA)
    before = of("acme")
    (install.folder / f"{module}.py").write_text(SCHEMA + "# more\n")
    assert of("acme") != before


def test_so_does_its_version(install: Install) -> None:
    install("acme", SCHEMA)
    before = of("acme")
    info = install.folder / "hivemind_acme-1.2.dist-info"
    text = (info / "METADATA").read_text().replace("Version: 1.2", "Version: 1.3")
    shutil.rmtree(info)
    later = install.folder / "hivemind_acme-1.3.dist-info"
    later.mkdir()
    (later / "METADATA").write_text(text)
    module = next(one.stem for one in install.folder.glob("*_acme.py"))
    (later / "entry_points.txt").write_text(f"[hivemind]\nacme = {module}\n")
    assert of("acme") != before


def recorded(install: Install, *files: str) -> None:
    """What an installer writes down of the files that it installed."""
    info = install.folder / "hivemind_acme-1.2.dist-info"
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in (*files, f"{info.name}/RECORD")))


def test_whatever_else_is_installed_with_it_counts(install: Install) -> None:
    module = install("acme", SCHEMA)
    (install.folder / "acme_data").mkdir()
    data = install.folder / "acme_data/interpreter.bin"
    data.write_bytes(b"1")
    neighbour = install.folder / "neighbour.py"
    neighbour.write_text("")
    recorded(install, f"{module}.py", "acme_data/interpreter.bin")
    before = of("acme")
    neighbour.write_text("# of another distribution\n")
    assert of("acme") == before
    (install.folder / "hivemind_acme-1.2.dist-info/INSTALLER").write_text("uv\n")
    assert of("acme") == before
    data.write_bytes(b"2")
    assert of("acme") != before


def test_files_beside_a_module_that_is_installed_from_its_folder_count(install: Install) -> None:
    install("acme", SCHEMA)
    recorded(install, "_editable_acme.pth")
    (install.folder / "_editable_acme.pth").write_text("")
    interpreter = install.folder / "interpreter.py"
    interpreter.write_text("1")
    before = of("acme")
    interpreter.write_text("2")
    assert of("acme") != before


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """A package at one of several places, imported from there under one name."""

    def lay(place: str, name: str) -> Path:
        import sys

        folder = tmp_path / place / name
        (folder / "data").mkdir(parents=True)
        (folder / "__init__.py").write_text(SCHEMA)
        (folder / "data/interpreter").write_text("1")
        monkeypatch.syspath_prepend(str(folder.parent))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return folder

    return lay


def named(name: str) -> str:
    return fingerprint(next(one for one in load(third_party=False, names=[name]).list() if one.name == name))


def test_of_a_package_all_files_count_but_what_python_writes(package: Callable[[str, str], Path]) -> None:
    folder = package("here", "fingerprinted_whole")
    before = named(folder.name)
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__/more.cpython-311.pyc").write_bytes(b"1")
    (folder / ".swp").write_text("1")
    assert named(folder.name) == before
    (folder / "data/interpreter").write_text("2")
    assert named(folder.name) != before


def test_where_it_lies_does_not_count(package: Callable[[str, str], Path]) -> None:
    here = named(package("here", "fingerprinted_place").name)
    assert named(package("there", "fingerprinted_place").name) == here


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that can't be read by anybody")
def test_a_file_that_cannot_be_read_is_an_error_that_names_the_plugin(package: Callable[[str, str], Path]) -> None:
    folder = package("here", "fingerprinted_unreadable")
    (folder / "data/broken").symlink_to("/proc/self/mem")
    with pytest.raises(HiveMindError) as raised:
        named(folder.name)
    assert raised.value.message.startswith('cannot read a file of plugin "fingerprinted_unreadable": ')
    assert raised.value.exit_code is ExitCode.INVALID
    assert "-p no:fingerprinted_unreadable" in str(raised.value.hint)


def test_of_a_projects_own_plugin_its_file_counts(tmp_path: Path) -> None:
    file = tmp_path / "hivemind_plugin.py"
    file.write_text(SCHEMA)
    before = of("hivemind_plugin", tmp_path)
    (tmp_path / "hivemind.yaml").write_text("x")
    assert of("hivemind_plugin", tmp_path) == before
    file.write_text(SCHEMA + "# more\n")
    assert of("hivemind_plugin", tmp_path) != before
