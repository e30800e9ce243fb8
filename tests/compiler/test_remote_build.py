"""Builds on a build instance: the same compiler there, the same artifact here."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from build_instance import BuildInstance, build_there
from compiler_builds import HOST, MINOR, NODE, build, lay, names, wheel

from hivemind.agents.compiler.remote import toolchain
from hivemind.agents.compiler.remote.bundle import bundle
from hivemind.agents.compiler.remote.request import Request, laid
from hivemind.agents.compiler.remote.sending import archive
from hivemind.agents.compiler.remote.taking import take
from hivemind.agents.compiler.review import review
from hivemind.blueprint.model import Blueprint, SecretReference, Service
from hivemind.builds import pack
from hivemind.builds.sources import gather, input_digest
from hivemind.builds.store import Store
from hivemind.repositories.repository import Repository, read
from hivemind.text.codec import decode, encode
from hivemind.values.artifact import Platform
from hivemind.values.errors import Stage, StageError

LARGE = {f"large/part{number}.py": "# " + "x" * 70_000 for number in range(20)}
DEBIAN = Platform("debian-12", "aarch64", (2, 36), (("3.11", "/usr/bin/python3"),), None)


def application(root: Path) -> Path:
    """A Python application that carries a dependency large enough for a layer of its own."""
    wheel(root / "vendor", "large", "1.0", {"large/__init__.py": "", **LARGE})
    files = {"app.py": "import large\n", "requirements.txt": "--no-index\n--find-links vendor\nlarge==1.0\n"}
    lay(root, {**files, "run.sh": "#!/bin/sh\n", ".gitignore": "private/\n", "private/notes": "n", ".env": "KEY=1\n"})
    (root / "run.sh").chmod(0o755)
    return root


PYTHON = {"runtime": "python", "start": "python app.py", "build": "echo built > made.txt"}


@pytest.mark.stress
@pytest.mark.skipif(NODE is None or shutil.which("npm") is None, reason="needs Node and npm")
def test_so_is_that_of_node(tmp_path: Path) -> None:
    package = {"name": "web", "version": "1.0.0", "scripts": {"build": "node build.js"}}
    lock = {"name": "web", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": package}}
    files = {
        "package.json": json.dumps(package),
        "package-lock.json": json.dumps(lock),
        "build.js": "require('fs').writeFileSync('made.js', '1')\n",
        "server.js": "",
    }
    root = lay(tmp_path / "project", files)
    asked = {"runtime": "node", "start": "node server.js", "build": "npm run build"}
    there = build_there(BuildInstance(tmp_path / "instance"), root, tmp_path / "there", **asked)
    assert there.digest == build(root, tmp_path / "here", **asked).digest
    assert "app/made.js" in names(there)


SYSTEM = Platform("debian-12", "x86_64", (2, 36), ((MINOR, sys.executable),), None)
"""A system of AWS, with the Python that the test has."""


@pytest.mark.stress
def test_the_artifact_of_a_build_instance_is_the_one_that_is_built_here_for_its_system(tmp_path: Path) -> None:
    """For this machine as its own system tests/e2e/test_build_instances.py compares them, byte by byte."""
    root = application(tmp_path / "project")
    lay(root, {".git/config": "[remote]\n"})
    asked = {**PYTHON, "secrets": {"KEY": SecretReference("ssm", "/k")}}
    instance = BuildInstance(tmp_path / "instance")
    instance.program("apt-get", APT_GET)
    there = build_there(instance, root, tmp_path / "there", SYSTEM, **asked)
    here = build(root, tmp_path / "here", SYSTEM, **asked)
    assert there.digest == here.digest
    assert [layer.digest for layer in there.layers] == [layer.digest for layer in here.layers] != []
    assert there.provenance == here.provenance
    assert (there.start, there.runtime, there.size) == (here.start, here.runtime, here.size)
    assert there.path.read_bytes() == here.path.read_bytes()
    assert there.layers[0].path.read_bytes() == here.layers[0].path.read_bytes()
    assert {"app/made.txt", "app/run.sh"} <= names(there)
    assert Store(tmp_path / "there").known(there.provenance.digest) == Store(tmp_path / "here").known(
        here.provenance.digest
    )
    the_packages_of_its_system_were_installed(instance, tmp_path / "there")
    nothing_went_there_but_what_a_build_here_would_see(instance)

    (root / "app.py").write_text("import large  # again\n")
    instance = BuildInstance(tmp_path / "two")
    instance.program("apt-get", APT_GET)
    again = build_there(instance, root, tmp_path / "there", SYSTEM, **asked)
    assert again.layers == there.layers
    assert instance.fetched == [f"{again.digest}.tar.zst"], "a layer that is here does not come back again"


APT_GET = 'echo "$@" >> "$HOME/installed"; echo "Setting up what is asked for"'


def the_packages_of_its_system_were_installed(instance: BuildInstance, store: Path) -> None:
    updated, installed = (instance.home / "installed").read_text().splitlines()
    assert updated.endswith("update")
    assert " install " in installed
    assert "build-essential" in installed
    assert "Setting up what is asked for\n" in (store / "logs/web.log").read_text()


def nothing_went_there_but_what_a_build_here_would_see(instance: BuildInstance) -> None:
    (sent,) = (name for name in instance.put_there if "sources" in name)
    with tarfile.open(instance.home / sent) as whole:
        modes = {one.name: one.mode for one in whole.getmembers()}
    assert set(modes) == {".gitignore", "app.py", "requirements.txt", "run.sh", "vendor/large-1.0-py3-none-any.whl"}
    assert (modes["run.sh"], modes["app.py"]) == (0o755, 0o644)


OLD_TARFILE = """\
import tarfile
for name in ("data_filter", "tar_filter", "fully_trusted_filter"):
    vars(tarfile).pop(name, None)
today = tarfile.TarFile.extractall
def extractall(self, path=".", members=None, *, numeric_owner=False):
    return today(self, path, members, numeric_owner=numeric_owner)
tarfile.TarFile.extractall = extractall
"""


def test_the_python_of_debian_12_unpacks_the_sources(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"run": ""})
    instance = BuildInstance(tmp_path / "instance")
    lay(instance.home / "old", {"sitecustomize.py": OLD_TARFILE})
    (instance.home / "bin/python3").unlink()
    instance.program("python3", f'PYTHONPATH="$HOME/old" exec {Path(sys.executable).resolve()} "$@"')
    assert build_there(instance, root, tmp_path / "store", runtime="shell", start="./run").size


def test_packages_that_can_not_be_installed_are_a_failure_of_the_build(tmp_path: Path) -> None:
    root = application(tmp_path / "project")
    instance = BuildInstance(tmp_path / "instance")
    instance.program("apt-get", "echo 'E: Unable to locate package'; exit 100")
    with pytest.raises(StageError) as raised:
        build_there(instance, root, tmp_path / "store", SYSTEM, **PYTHON)
    assert raised.value.stage is Stage.BUILD
    assert "could not install the packages for the build" in raised.value.message
    assert raised.value.lines == ("E: Unable to locate package",)
    assert not instance.put_there, "nothing is sent to an instance that can't build it"


def test_a_failure_is_told_as_it_is_here(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"app.py": ""})
    command = "echo fine; echo 'app.py:3: error: nothing there' >&2; exit 7"
    asked = {"runtime": "shell", "start": "./run", "build": command}
    with pytest.raises(StageError) as here:
        build(root, tmp_path / "here", **asked)
    with pytest.raises(StageError) as there:
        build_there(BuildInstance(tmp_path / "instance"), root, tmp_path / "there", **asked)
    told = [(one.value.stage, one.value.message, one.value.lines, one.value.subject) for one in (here, there)]
    assert str(tmp_path / "here/logs/web.log") in str(here.value.hint)
    assert str(tmp_path / "there/logs/web.log") in str(there.value.hint)
    assert told[0] == told[1]
    log = (tmp_path / "there/logs/web.log").read_text()
    assert log.startswith("# on the build instance i-0123456789, t3.large with host\n")
    assert "fine\napp.py:3: error: nothing there\n" in log


def test_a_program_that_is_missing_there_is_named(tmp_path: Path) -> None:
    root = lay(tmp_path / "project", {"app.py": ""})
    instance = BuildInstance(tmp_path / "instance")
    (instance.home / "bin/python3").unlink()
    (instance.home / "bin/python3").write_text("#!/bin/sh\necho 'no space left' >&2\nexit 3\n")
    (instance.home / "bin/python3").chmod(0o755)
    with pytest.raises(StageError) as raised:
        build_there(instance, root, tmp_path / "store", runtime="shell", start="./run")
    assert "the build on i-0123456789 broke off: the compiler ended with exit code 3" in raised.value.message
    assert raised.value.lines == ("no space left",)


def test_the_compiler_runs_where_there_is_python_alone(tmp_path: Path) -> None:
    file = tmp_path / "compiler.zip"
    file.write_bytes(bundle().content)
    shutil.unpack_archive(file, tmp_path / "compiler")
    code = (
        f"import importlib, pkgutil, sys; sys.path.insert(0, {str(tmp_path / 'compiler')!r})\n"
        "import hivemind.agents.compiler as compiler\n"
        "for one in pkgutil.walk_packages(compiler.__path__, 'hivemind.agents.compiler.'):\n"
        "    if not one.name.startswith('hivemind.agents.compiler.remote.') or one.name.endswith('.there'):\n"
        "        importlib.import_module(one.name)\n"
        "assert 'zstandard' not in sys.modules and 'paramiko' not in sys.modules\n"
    )
    python = Path(sys.executable).resolve()
    alone = "import packaging, semantic_version, yaml\n"
    for options, more in ((("-I", "-S"), ""), (("-I",), alone), (("-I", "-S"), alone)):
        done = subprocess.run([python, *options, "-c", code + more], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.fast
def test_the_compiler_is_the_same_file_every_time() -> None:
    first = bundle().digest
    bundle.cache_clear()
    assert bundle().digest == first
    assert len(bundle().content) < 1_000_000


@pytest.mark.fast
def test_the_same_sources_make_the_same_file(tmp_path: Path) -> None:
    root = application(tmp_path / "project")
    packed = gather(Service("web", **PYTHON), read(root))
    one, two = archive(packed, tmp_path / "one"), archive(packed, tmp_path / "two")
    assert one == two
    (root / "run.sh").chmod(0o644)
    assert archive(packed, tmp_path / "three") != one


@pytest.mark.fast
def test_a_workspace_lies_there_as_it_lies_here(tmp_path: Path) -> None:
    member = '{"name": "web", "dependencies": {"parts": "*"}}'
    files = {
        "package.json": '{"workspaces": ["apps/*", "libs/*"]}',
        "package-lock.json": "{}",
        "apps/web/package.json": member,
        "apps/web/server.js": "",
        "libs/parts/package.json": '{"name": "parts"}',
        "libs/parts/index.js": "",
        "libs/other/package.json": '{"name": "other"}',
        "libs/other/index.js": "",
    }
    root = lay(tmp_path / "project", files)
    service = Service("web", path="apps/web", runtime="node", start="node server.js")
    packed = gather(service, read(root))
    archive(packed, tmp_path / "sources.tar.gz")
    with tarfile.open(tmp_path / "sources.tar.gz") as whole:
        whole.extractall(tmp_path / "tree", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    there = laid(packed, tmp_path / "tree")
    assert input_digest(service, there, HOST) == input_digest(service, packed, HOST)
    assert not (tmp_path / "tree/libs/other/index.js").exists()
    request = Request(service, replace(HOST, here=True), there, "d", "hivemind.builds.shell", {"plugin": "e"}, "a", "s")
    assert decode(Request, json.loads(json.dumps(encode(request)))) == request


def made_there(tmp_path: Path) -> tuple[dict[str, object], Path]:
    """What an instance tells of a small build, and its archive."""
    root = lay(tmp_path / "project", {"run": ""})
    artifact = build(root, tmp_path / "made", runtime="shell", start="./run")
    entry = Store(tmp_path / "made").known(artifact.provenance.digest)
    assert entry is not None
    return entry, artifact.path


def taken(store: Store, told: object, content: bytes) -> None:
    """Takes what an instance tells, with this archive as whatever is asked for."""
    with store.workshop() as scratch:
        take(told, "web", "i" * 64, store=store, scratch=scratch, fetch=lambda _, to: void(to.write_bytes(content)))


def void(_: object) -> None:
    """For lambdas that must return nothing."""


def test_what_is_not_what_was_built_is_not_kept(tmp_path: Path) -> None:
    entry, packed = made_there(tmp_path)
    store = Store(tmp_path / "store")

    def refused(told: object, content: bytes) -> str:
        with pytest.raises(StageError) as raised:
            taken(store, told, content)
        assert store.known("i" * 64) is None
        assert not list(store.root.glob("*.zst"))
        return raised.value.message

    with pack.unpacked(packed) as file:
        plain = file.read()
    assert "has the digest" in refused(entry, gzip.compress(plain + b"x"))
    assert "has the digest" in refused(entry, b"")
    assert "is not readable" in refused(entry, gzip.compress(plain)[:-40])
    assert "is not readable" in refused(entry, packed.read_bytes()[:-40] + b"x" * 40)
    assert "is not a digest" in refused({**entry, "digest": "../../outside"}, packed.read_bytes())
    assert "it built other" in refused({**entry, "service": "other"}, packed.read_bytes())
    assert "its reply is not readable" in refused({"digest": 1}, b"")
    assert "its reply is not readable" in refused(None, b"")
    taken(store, entry, gzip.compress(plain))
    assert store.known("i" * 64) == entry


def test_layers_that_the_manifest_does_not_name_are_refused(tmp_path: Path) -> None:
    entry, packed = made_there(tmp_path)
    store = Store(tmp_path / "store")
    other = {"name": "dependencies", "digest": entry["digest"], "size": 1}
    with pytest.raises(StageError, match="its layers differ from those in its manifest"):
        taken(store, {**entry, "layers": [other]}, packed.read_bytes())
    assert store.known("i" * 64) is None


@pytest.mark.fast
@pytest.mark.parametrize(
    ("os", "service", "files", "wanted"),
    [
        ("debian-12", {"runtime": "python"}, {"app.py": ""}, {"python3-pip", "build-essential"}),
        ("debian-12", {"runtime": "node"}, {"package.json": "{}"}, {"nodejs", "npm"}),
        ("ubuntu-24.04", {"runtime": "go", "build": "make all"}, {"go.mod": ""}, {"golang-go", "make"}),
        ("debian-13", {"runtime": "java"}, {"pom.xml": ""}, {"openjdk-21-jdk-headless", "maven"}),
        ("debian-13", {"runtime": "go"}, {"go.mod": "go 1.23\n"}, {"golang-go"}),
        ("ubuntu-24.04", {"runtime": "java 21"}, {"pom.xml": ""}, {"openjdk-21-jdk-headless", "maven"}),
        ("debian-12", {"runtime": "java"}, {"pom.xml": ""}, {"openjdk-17-jdk-headless"}),
        ("amazon-linux-2023", {"runtime": "rust"}, {"Cargo.toml": ""}, {"cargo", "python3.11", "gcc-c++"}),
        ("amazon-linux-2023", {"runtime": "java 11"}, {"pom.xml": ""}, {"java-11-amazon-corretto-devel"}),
        ("host", {"runtime": "go"}, {"go.mod": ""}, set()),
    ],
)
def test_what_the_distribution_has_is_installed(
    tmp_path: Path, os: str, service: dict[str, str], files: dict[str, str], wanted: set[str]
) -> None:
    made = Service("web", **service)  # type: ignore[arg-type]
    found = toolchain.packages(made, gather(made, read(lay(tmp_path, files))), os)
    assert wanted <= set(found)
    assert bool(wanted) == bool(found)


@pytest.mark.fast
def test_the_plan_judges_the_build_instance_and_not_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lay(
        tmp_path,
        {
            "go/go.mod": "module x\n\ngo 1.19\n",
            "new/go.mod": "module x\n\ngo 1.23.1\n",
            "try/go.mod": "module x\n\ngo 1.23\n",
            "gleam/gleam.toml": "",
        },
    )

    def looked(path: str, **service: str) -> tuple[Blueprint, Repository, dict[str, Platform]]:
        made = Service("web", path=path, **service)  # type: ignore[arg-type]
        return Blueprint("shop", services={"web": made}), read(tmp_path), {"web": DEBIAN}

    def found(path: str, **service: str) -> list[tuple[str, str]]:
        return [(one.id, one.message) for one in review(*looked(path, **service))]

    (here,) = review(*looked("go", runtime="go"))
    assert (here.id, str(here.hint).endswith("Or build on a build instance: `build: remote`.")) == (
        "H503",
        True,
    )
    assert found("go", runtime="go", build_on="t4g.large") == []
    assert found("new", runtime="go", build_on="t4g.large") == [
        ("H503", "the build instance of web needs Go 1.23.1 (go.mod:3), but debian-12 has 1.19")
    ]
    assert found("try", runtime="go", build_on="t4g.large") == []  # an old Go tries what it can read
    assert found("gleam", runtime="shell", build="gleam build", build_on="t4g.large") == [
        ("H503", "the build instance of web needs gleam, which debian-12 does not package")
    ]
    assert found("go", runtime="java 21", build_on="t4g.large")[0] == (
        "H503",
        "the build instance of web needs JDK 21, but the newest on debian-12 is 17",
    )
