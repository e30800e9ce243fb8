"""Small applications without dependencies, built by the languages' own tools and run."""

# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from compiler_builds import HOST, build, lay, names, unpacked

from hivemind.agents.compiler.languages import runtimes
from hivemind.blueprint.model import SecretReference, Service
from hivemind.values.artifact import Artifact, Platform
from hivemind.values.errors import StageError

pytestmark = pytest.mark.slow
OTHER = Platform("debian-12", "x86_64", (2, 36), (("3.11", "python3.11"),), None)


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def here(language: str) -> Platform:
    """This machine with its own runtime of a language."""
    path = shutil.which(language) or language
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+\.\d+", said)
    return replace(HOST, runtimes={language: ((version[0] if version else "0", path),)})


def run(artifact: Artifact, there: Path) -> str:
    manifest = unpacked(artifact, there)
    path = os.pathsep.join([*(str(there / folder) for folder in manifest["path"]), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(there), **manifest["env"]}
    done = subprocess.run(
        ["/bin/sh", "-c", artifact.start],
        cwd=there / "app",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


GO = {
    "go.mod": "module example.test/shop\n\ngo 1.19\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n',
}


@needs("go")
def test_go(tmp_path: Path) -> None:
    artifact = build(
        lay(tmp_path / "in", GO), tmp_path / "store", OTHER, runtime="go 1.19", build="go build -o bin/shop ."
    )
    assert run(artifact, tmp_path / "there") == "hello\n"
    assert artifact.start == "./bin/shop"
    again = build(
        lay(tmp_path / "else/where", GO), tmp_path / "other", OTHER, runtime="go 1.19", build="go build -o bin/shop ."
    )
    assert again.digest == artifact.digest
    assert b"ld-linux" not in (tmp_path / "there/app/bin/shop").read_bytes()


@needs("go")
def test_the_first_error_is_named_not_the_last(tmp_path: Path) -> None:
    files = {**GO, "main.go": "package main\n\nfunc main() { one()\n two() }\n"}
    with pytest.raises(StageError, match=r"main.go:3:15: undefined: one"):
        build(lay(tmp_path / "in", files), tmp_path / "store", runtime="go")


@needs("cargo")
def test_rust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toolchains = Path(shutil.which("cargo") or "").parents[2] / ".rustup"
    if toolchains.is_dir():
        # rustup looks for them in the home, which is another one in tests
        monkeypatch.setenv("RUSTUP_HOME", os.environ.get("RUSTUP_HOME", str(toolchains)))
    files = {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/main.rs": 'fn main() { println!("hello"); }\n',
    }
    artifact = build(lay(tmp_path / "in", files), tmp_path / "store", runtime="rust", build="cargo build --release")
    assert artifact.start == "./target/release/shop"
    assert run(artifact, tmp_path / "there") == "hello\n"
    assert not any("/deps/" in name for name in names(artifact))


JAVA = {
    "Main.java": 'public class Main { public static void main(String[] a) { System.out.println("hello"); } }\n',
    "manifest.txt": "Main-Class: Main\n",
}
JAR = "mkdir -p target && javac -d target Main.java && jar cfm target/shop.jar manifest.txt -C target Main.class"


@needs("javac", "java")
def test_java(tmp_path: Path) -> None:
    artifact = build(lay(tmp_path / "in", JAVA), tmp_path / "store", here("java"), runtime="java", build=JAR)
    assert artifact.start == "java -jar target/shop.jar"
    assert run(artifact, tmp_path / "there") == "hello\n"


@needs("javac", "java")
def test_several_jars_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        StageError, match=r"expects one jar file, but the build made several: target/a.jar, target/b.jar"
    ):
        build(lay(tmp_path / "in", JAVA), tmp_path / "store", here("java"), runtime="java",
              build="mkdir target; touch target/a.jar target/b.jar target/a-sources.jar")  # fmt: skip


@needs("ruby", "bundle")
def test_ruby(tmp_path: Path) -> None:
    files = {
        "Gemfile": "",
        "Gemfile.lock": "GEM\n  specs:\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n",
        "app.rb": "puts 'hello'\n",
    }
    artifact = build(
        lay(tmp_path / "in", files), tmp_path / "store", here("ruby"), runtime="ruby", start="bundle exec ruby app.rb"
    )
    assert run(artifact, tmp_path / "there") == "hello\n"


@needs("php", "composer")
def test_php(tmp_path: Path) -> None:
    files = {
        "composer.json": '{"autoload": {"psr-4": {"Shop\\\\": "src/"}}}',
        "src/Greeter.php": "<?php namespace Shop; class Greeter { static function hello() { return 'hello'; } }\n",
        "app.php": "<?php require 'vendor/autoload.php'; echo Shop\\Greeter::hello() . \"\\n\";\n",
    }
    artifact = build(lay(tmp_path / "in", files), tmp_path / "store", here("php"), runtime="php", start="php app.php")
    assert run(artifact, tmp_path / "there") == "hello\n"
    assert any("no composer.lock" in notice for notice in artifact.notices)


def test_anything_with_commands_of_its_own(tmp_path: Path) -> None:
    root = lay(tmp_path / "in", {"run.sh": "cat out\n"})
    artifact = build(root, tmp_path / "store", runtime="shell", build="echo hello > out", start="sh run.sh")
    assert run(artifact, tmp_path / "there") == "hello\n"
    with pytest.raises(StageError, match="has no default start command"):
        build(root, tmp_path / "store", runtime="shell")


def test_scripts_that_git_has_without_their_bit_run(tmp_path: Path) -> None:
    script = "#!/bin/sh\n"
    files = {"bin/make.sh": f"{script}echo hello > out\n", "run.sh": f"{script}cat out\n", "data": "no script\n"}
    root = lay(tmp_path / "in", files)
    artifact = build(root, tmp_path / "store", runtime="shell", build="true && ./bin/make.sh ./data", start="./run.sh")
    assert run(artifact, tmp_path / "there") == "hello\n"
    said = [notice for notice in artifact.notices if " executable " in notice]
    made = [notice.removeprefix("made ").partition(" ")[0] for notice in said]
    assert made == ["bin/make.sh", "run.sh"]
    assert not os.access(root / "run.sh", os.X_OK)


def test_what_a_build_finds_of_the_environment(tmp_path: Path) -> None:
    asked = "AT PGHOST REDIS_PORT CACHE_URL TOKEN PRICE PORT"
    root = lay(tmp_path / "in", {"run.sh": "cat out\n"})
    artifact = build(
        root, tmp_path / "store", runtime="shell", start="sh run.sh", needs=("cache",),
        build=f"for name in {asked}; do printenv $name; done > out",
        env={"AT": '{"host":"$PGHOST","port":$PGPORT}', "PRICE": "$$5"},
        secrets={"TOKEN": SecretReference("ssm", "/shop/token")},
    )  # fmt: skip
    assert run(artifact, tmp_path / "there").splitlines() == [
        '{"host":"127.0.0.1","port":1}', "127.0.0.1", "1", "redis://127.0.0.1:1", "not-there-while-building", "$5", "8000",
    ]  # fmt: skip


def test_what_the_machine_lacks_is_said_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StageError, match="building web needs ruby and bundle on this machine") as caught:
        build(lay(tmp_path / "in", {"Gemfile": ""}), tmp_path / "store", runtime="ruby 3.1")
    assert "apt install ruby-full" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("language", "wanted", "has", "well"),
    [
        ("java", "17", "21", True), ("java", "1.8", "17", True), ("java", "21", "17", True), ("java", "99", "17", False),
        ("ruby", "3.1.2", "3.1", True), ("ruby", "3.3", "3.1", False), ("ruby", "", "3.1", True), ("php", "8.3", "8.2", False),
    ],
)  # fmt: skip
def test_which_runtime(language: str, wanted: str, has: str, well: bool) -> None:
    platform = replace(HOST, runtimes={language: ((has, language),)})
    said = runtimes.lacking(Service("web", runtime=f"{language} {wanted}".strip()), language, platform)
    assert (said is None) == well, said


def test_a_runtime_that_can_not_be_had(tmp_path: Path) -> None:
    said = runtimes.lacking(Service("web", runtime="ruby 3.3"), "ruby", OTHER)
    assert said == "web needs ruby 3.3, but debian-12 has none, and HiveMind cannot ship it"


ELIXIR = {
    "mix.exs": 'defmodule Shop.MixProject do\n  use Mix.Project\n  def project, do: [app: :shop, version: "0.1.0", deps: []]\nend\n',
    "lib/shop.ex": 'defmodule Shop do\n  def hello, do: IO.puts("hello")\nend\n',
}


@needs("mix")
def test_elixir_as_a_release_that_carries_erlang(tmp_path: Path) -> None:
    start = "_build/prod/rel/shop/bin/shop eval 'Shop.hello()'"
    artifact = build(
        lay(tmp_path / "in", ELIXIR), tmp_path / "store", runtime="elixir", build="mix release --overwrite", start=start
    )
    assert run(artifact, tmp_path / "there") == "hello\n"
    assert not any("_build/prod/lib/" in name for name in names(artifact))


DENO = {
    "deno.json": '{\n  // production\n  "tasks": {"start": "deno run --cached-only main.ts",}, // as on http://elsewhere\n  /* all of them */ "imports": {"ms": "npm:ms@2.1.3"}\n}\n',
    "main.ts": 'import ms from "ms";\nconst hours: string = ms(7200000);\nconsole.log(hours);\n',
}


@pytest.mark.stress
@needs("npm", "node")
def test_deno_is_brought_along_with_what_is_imported(tmp_path: Path) -> None:
    if subprocess.run(["npm", "view", "deno", "version"], capture_output=True, timeout=120, check=False).returncode:
        pytest.skip("needs a package registry")
    artifact = build(
        lay(tmp_path / "in", DENO),
        tmp_path / "store",
        runtime="deno 2",
        install="deno install",
        start="deno task start",
    )
    assert artifact.start == "deno run --cached-only main.ts"
    assert artifact.runtime.startswith("deno 2.")
    assert run(artifact, tmp_path / "there") == "2h\n"


def test_a_dotnet_build_includes_the_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = lay(
        tmp_path / "bin",
        {"dotnet": '#!/bin/sh\nmkdir -p out obj\necho "echo $*; # $DOTNET_CLI_HOME" > out/Web\nchmod 755 out/Web\n'},
    )
    (tool / "dotnet").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool}{os.pathsep}{os.environ['PATH']}")
    artifact = build(
        lay(tmp_path / "in", {"Web.csproj": ""}), tmp_path / "store", OTHER, runtime="dotnet 8.0",
        build="dotnet publish Web.csproj -c Release -o out", start="./out/Web",
    )  # fmt: skip
    said = run(artifact, tmp_path / "there")
    assert said == "publish --runtime linux-x64 --self-contained Web.csproj -c Release -o out\n"
    assert not any("/obj" in name for name in names(artifact))
    # Its home is this user's, not one that all users of the machine share.
    assert str(tmp_path / "store/caches/dotnet") in (tmp_path / "there/app/out/Web").read_text()
