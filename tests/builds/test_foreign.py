"""Builds of plugins by their own commands, on this machine and on a build instance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build_instance import BuildInstance, there
from compiler_builds import HOST, lay, names, unpacked

from hivemind import Artifact, BuildPlace, Service, StageError, build_with_commands
from hivemind.blueprint.model import ServiceKind
from hivemind.builds.here import Here
from hivemind.builds.sources import source_digest
from hivemind.builds.store import Store
from hivemind.repositories.repository import read

TINY = Service("web", runtime="tiny 1", start="./tiny main.tiny", build_on="t3.large")


def built(root: Path, place: BuildPlace, service: Service = TINY, **commands: Any) -> Artifact:
    return build_with_commands(service, read(root), place, **{"install": "cp main.tiny installed", **commands})


def test_a_build_instance_makes_what_this_machine_makes(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"main.tiny": "hello\n"})
    instance = BuildInstance(tmp_path / "instance")
    remote = built(root, there(instance, tmp_path / "there"), build="cat main.tiny >> installed")
    here = built(root, Here(HOST, tmp_path / "here"), build="cat main.tiny >> installed")
    assert remote.digest == here.digest
    assert remote.runtime == here.runtime == "tiny 1"
    assert instance.fetched == [f"{here.digest}.tar.zst"]
    unpacked(remote, tmp_path / "release")
    assert (tmp_path / "release/app/installed").read_text() == "hello\nhello\n"
    assert (tmp_path / "there/logs/web.log").read_text().startswith("# on the build instance i-0123456789, t3.large")
    assert "build instance" not in (tmp_path / "here/logs/web.log").read_text()


def test_what_the_store_has_is_not_built_again_on_an_instance(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"main.tiny": ""})
    first = built(root, Here(HOST, tmp_path / "store"))
    instance = BuildInstance(tmp_path / "instance")
    again = built(root, there(instance, tmp_path / "store"))
    assert (again.digest, again.reused) == (first.digest, True)
    assert instance.put_there == []


def test_a_failure_there_is_told_as_one_here(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"main.tiny": ""})
    said = []
    for place in (Here(HOST, tmp_path / "here"), there(BuildInstance(tmp_path / "instance"), tmp_path / "there")):
        with pytest.raises(StageError) as raised:
            built(root, place, install="echo 'main.tiny:1: error: nothing there' >&2; exit 7")
        said.append((raised.value.message, raised.value.lines))
    assert said[0] == said[1]
    assert said[0][0].endswith("ended with exit code 7: main.tiny:1: error: nothing there")


def test_the_services_own_commands_go_before_the_plugins(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"main.tiny": ""})
    service = replace(TINY, install="touch ours", start=None)
    artifact = built(root, Here(HOST, tmp_path / "store"), service, build="touch theirs", start="./tiny it")
    assert {"app/ours", "app/theirs"} <= names(artifact)
    assert "app/installed" not in names(artifact)
    assert artifact.start == "./tiny it"


def test_the_plan_knows_what_was_built_by_the_service_as_the_blueprint_has_it(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"main.tiny": ""})
    place = Here(HOST, tmp_path / "store", {"tiny": "1"})
    artifact = built(root, place)
    planned = source_digest(TINY, read(root), HOST, place.builders).digest
    entry = Store(tmp_path / "store").known(planned)
    assert entry is not None
    assert entry["digest"] == artifact.digest
    other = built(root, place, install="echo other > installed")
    assert other.digest != artifact.digest, "other commands, another build"
    entry = Store(tmp_path / "store").known(planned)
    assert entry is not None
    assert entry["digest"] == other.digest


@pytest.mark.parametrize("remote", [False, True])
def test_another_plugin_builds_anew(tmp_path: Path, remote: bool) -> None:
    root = lay(tmp_path / "project", {"main.tiny": ""})

    def made(name: str, **builders: str) -> Artifact:
        if remote:
            place: BuildPlace = there(BuildInstance(tmp_path / name), tmp_path / "store", HOST, **builders)
        else:
            place = Here(HOST, tmp_path / "store", builders)
        return built(root, place)

    assert not made("first", tiny="1").reused
    assert made("second", tiny="1").reused
    assert not made("third", tiny="2").reused
    assert not made("fourth", other="1").reused


def test_pages_are_left_to_the_compiler(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"index.html": ""})
    with pytest.raises(StageError, match="HiveMind builds static pages itself"):
        built(root, Here(HOST, tmp_path / "store"), replace(TINY, kind=ServiceKind.STATIC))
