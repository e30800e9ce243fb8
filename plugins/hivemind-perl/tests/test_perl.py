"""The plugin through its hooks, as HiveMind calls them, and an application that runs."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hivemind_perl
import pytest
import zstandard

from hivemind import Blueprint, Service, StageError
from hivemind.testing import build_place, checked, plugins_of, repository

SERVER = """\
use strict;
use IO::Socket::INET;
my $port = $ENV{PORT} // 5100;
my $server = IO::Socket::INET->new(Listen => 5, LocalPort => $port, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
    my ($path) = (<$client> // '') =~ m{^GET (\\S+)};
    while (my $line = <$client>) { last if $line =~ /^\\r?$/ }
    my $body = $path eq '/health' ? 'ok' : 'hello from perl';
    print $client "HTTP/1.1 200 OK\\r\\nContent-Length: " . length($body) . "\\r\\nConnection: close\\r\\n\\r\\n$body";
}
"""


def told(folder: Path, files: dict[str, str], path: str = ".") -> dict[str, str | int]:
    return {each.field: each.value for each in hivemind_perl.hivemind_detect(repository(folder, files), path)}


def test_it_is_installed_under_its_name() -> None:
    from importlib.metadata import entry_points

    (point,) = entry_points(group="hivemind", name="hivemind-perl")
    assert point.load() is hivemind_perl


def test_a_program_that_listens(tmp_path: Path) -> None:
    found = hivemind_perl.hivemind_detect(repository(tmp_path, {"server.pl": SERVER}), ".")
    assert {each.field: each.value for each in found} == {
        "language": "perl",
        "kind": "web",
        "start": "perl -Ilocal/lib/perl5 -Ilib server.pl",
        "port": 5100,
        "health_path": "/health",
    }
    assert next(each.evidence for each in found if each.field == "port") == "server.pl:3"


@pytest.mark.parametrize(
    ("files", "framework", "start"),
    [
        ({"app.pl": "use Mojolicious::Lite;\napp->start;\n"}, "mojolicious", "app.pl daemon -m production"),
        ({"script/shop": "use Mojolicious::Commands;\n"}, "mojolicious", "script/shop daemon"),
        ({"app.psgi": "sub { [200, [], []] }\n", "cpanfile": "requires 'Plack';\n"}, "plack", "plackup -o 0.0.0.0"),
    ],
)
def test_frameworks(tmp_path: Path, files: dict[str, str], framework: str, start: str) -> None:
    found = told(tmp_path, files)
    assert found["framework"] == framework
    assert start in str(found["start"])


@pytest.mark.parametrize("files", [{}, {"app.py": "print(1)"}, {"app.pl": "print 1;\n"}, {"lib/Shop.pm": "1;\n"}])
def test_what_is_no_application_is_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    assert told(tmp_path, files) == {}


def test_a_service_in_a_folder(tmp_path: Path) -> None:
    found = hivemind_perl.hivemind_detect(repository(tmp_path, {"shop/server.pl": SERVER}), "shop")
    assert {each.file for each in found} == {"shop/server.pl"}


def test_a_blueprint_needs_to_say_nothing_about_it(tmp_path: Path) -> None:
    (tmp_path / "server.pl").write_text(SERVER)
    plugins = plugins_of(**{"hivemind-perl": hivemind_perl})
    blueprint = checked(tmp_path, "hivemind: 1\nname: shop\nservices: {web: {}}\n", plugins, lint=False).blueprint
    web = blueprint.services["web"]
    assert (web.start, web.port) == ("perl -Ilocal/lib/perl5 -Ilib server.pl", 5100)
    assert (web.runtime or "").startswith("perl")


def test_other_languages_are_left_to_others(tmp_path: Path) -> None:
    service = Service("web", runtime="python 3.12", start="x")
    assert hivemind_perl.hivemind_build(service, repository(tmp_path, {}), build_place(tmp_path)) is None


def test_the_plan_says_that_cpanm_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    tree = repository(tmp_path, {"shop/cpanfile": "requires 'Plack';\n", "shop/app.psgi": "", "bare/app.psgi": ""})

    def found(path: str, **more: str) -> list[tuple[str, str]]:
        service = Service("web", path=path, **{"runtime": "perl", **more})
        findings = hivemind_perl.hivemind_review(Blueprint("shop", services={"web": service}), tree)
        return [(one.id, str(one.place)) for one in findings]

    assert found("shop") == [("PERL1", "shop/cpanfile:1")]
    assert found("bare") == found("shop", build_on="t3.large") == found("shop", runtime="python") == []
    assert found("shop", install="carton install") == []
    cpanm = tmp_path / "bin/cpanm"
    cpanm.parent.mkdir()
    cpanm.touch(mode=0o755)
    assert found("shop") == []


def test_without_a_start_command_nothing_is_built(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no default start command"):
        hivemind_perl.hivemind_build(
            Service("web", runtime="perl"), repository(tmp_path, {"a": ""}), build_place(tmp_path)
        )


def test_what_is_built_runs(tmp_path: Path) -> None:
    if shutil.which("perl") is None:
        pytest.skip("no perl on this machine")
    tree = repository(tmp_path / "app", {"server.pl": SERVER})
    service = Service("web", runtime="perl", start="perl -Ilocal/lib/perl5 -Ilib server.pl")
    store = tmp_path / "store"
    artifact = hivemind_perl.hivemind_build(service, tree, build_place(store))
    assert artifact is not None
    assert artifact.runtime == "perl"
    with zstandard.open(artifact.path) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
        archive.extractall(tmp_path / "release", filter="data")
    again = hivemind_perl.hivemind_build(replace(service), tree, build_place(store))
    assert again is not None
    assert (again.digest, again.reused) == (artifact.digest, True)
    assert _answer(tmp_path / "release" / "app", artifact.start) == "hello from perl"


@pytest.mark.slow
def test_it_is_built_on_a_build_instance_of_the_local_cloud(local_project: Callable[..., Any]) -> None:
    if shutil.which("perl") is None:
        pytest.skip("no perl on this machine")
    blueprint = (
        "hivemind: 1\nname: camel\nenvironments: {production: {stage: stage-1}}\nservices:\n"
        '  web: {path: app, build: {where: remote, run: "perl -c server.pl"}}\n'
    )
    plugin = Path(hivemind_perl.__file__).read_text()
    files = {"app/server.pl": SERVER, "hivemind.yaml": blueprint, "hivemind_plugin.py": plugin}
    project = local_project(files)
    ran = project.apply()
    assert (ran.last["revision"], ran.last["verdict"]) == ("r1", "good")
    log = project.run("artifacts", "log", "web").out
    assert log.startswith("# on the build instance i-")
    assert "server.pl syntax OK" in log
    assert project.get("/").text == "hello from perl"
    again = project.apply("--release-again")
    assert again.last["revision"] == "r2"
    assert not [one for one in again.lines if "instances" in one.get("step", "")], "it was built before"


def _answer(folder: Path, start: str) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PORT": str(port), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(["/bin/sh", "-c", f"exec {start}"], cwd=folder, env=environment) as process:
        try:
            for _ in range(100):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                        return answer.read().decode()
                except OSError:
                    time.sleep(0.05)
            return "nothing"
        finally:
            process.terminate()
