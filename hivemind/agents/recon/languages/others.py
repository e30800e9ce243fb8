"""Languages that one convention each recognises, builds and starts.

The commands are those of the tools' own documentation: Swift Package Manager, "swift build"; Dart, "dart compile" and
"dart create"; Crystal, "The shards command"; Zig, "Zig Build System"; The Haskell Tool Stack, "Build commands"; Cabal
User Guide, "cabal install"; Dune, "dune build"; Nimble, "nimble build"; CMake, "cmake(1)"; Meson, "Running Meson";
cpanm; Plack, "plackup"; Mojolicious, "Cookbook: Deployment"; Julia, "Pkg: Working with Environments".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes
from hivemind.agents.recon.reading import pinned
from hivemind.agents.recon.weights import BUILDS, SERVES
from hivemind.detections.detection import Detection


@dataclass(frozen=True)
class Convention:
    """manifest: file at the top, or an ending with `*`. name: expression whose first group is the program's name in
    the manifest; without a match the manifest's own stem. commands: with {name} and {file} filled in."""

    language: str
    manifest: str
    name: str = ""
    manager: str | None = None
    install: str | None = None
    build: str | None = None
    start: str | None = None
    versions: tuple[str, ...] = ()


CONVENTIONS = (
    Convention("swift", "Package.swift", r"executableTarget\(\s*name:\s*\"([\w-]+)\"|name:\s*\"([\w-]+)\"", "swiftpm",
               "swift package resolve", "swift build -c release", "./.build/release/{name}", (".swift-version",)),
    Convention("dart", "pubspec.yaml", r"(?m)^name:\s*([\w-]+)", "pub", "dart pub get",
               "dart compile exe bin/{name}.dart -o bin/{name}.exe", "./bin/{name}.exe"),
    Convention("crystal", "shard.yml", r"(?m)^name:\s*([\w-]+)", "shards", "shards install", "shards build --release",
               "./bin/{name}", (".crystal-version",)),
    Convention("zig", "build.zig", r"addExecutable\([^)]*?\.name\s*=\s*\"([\w-]+)\"|addExecutable\(\s*\"([\w-]+)\"",
               "zig", None,
               "zig build -Doptimize=ReleaseSafe", "./zig-out/bin/{name}"),
    Convention("haskell", "stack.yaml", "", "stack", None, "stack build --copy-bins --local-bin-path bin", None),
    Convention("haskell", "*.cabal", r"(?mi)^executable\s+([\w-]+)", "cabal", "cabal update",
               "cabal install --installdir=bin --install-method=copy", "./bin/{name}"),
    Convention("ocaml", "dune-project", r"\(name\s+([\w-]+)\)", "opam", "opam install . --deps-only",
               "dune build --profile release", None),
    Convention("nim", "*.nimble", r"(?m)^bin\s*=\s*@\[\"([\w/-]+)\"", "nimble",
               "nimble install --depsOnly", "nimble build -d:release", "./{name}"),
    Convention("cpp", "CMakeLists.txt", r"add_executable\s*\(\s*\"?([\w-]+)", "cmake", None,
               "cmake -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build", "./build/{name}"),
    Convention("cpp", "meson.build", r"executable\(\s*'([\w-]+)'", "meson", None,
               "meson setup build && meson compile -C build", "./build/{name}"),
    Convention("perl", "cpanfile", "", "cpanm", "cpanm --installdeps .", None, None),
    Convention("julia", "Project.toml", "", "pkg", "julia --project -e 'using Pkg; Pkg.instantiate()'", None, None),
)  # fmt: skip


@dataclass(frozen=True)
class _Script:
    """A file that is run as it is. file: its path, as a pattern. says: what its text holds. start: the command."""

    file: str
    says: str
    start: str


_SCRIPTS = {
    "perl": (
        _Script(r"(?:bin/)?app\.psgi", r"", "plackup -p ${{PORT:-5000}} {file}"),
        _Script(r"(?:script/)?[\w-]+(?:\.pl)?", r"^\s*use Mojolicious::Lite\b|Mojolicious::Commands",
                "perl {file} daemon -m production -l http://*:${{PORT:-3000}}"),
        _Script(r"[\w-]+\.pl", r"^\s*use (?:Dancer2?|HTTP::Server|HTTP::Daemon)\b", "perl {file}"),
    ),
    "julia": (
        _Script(r"(?:src/)?[\w-]+\.jl", r"\bHTTP\.(?:serve|listen)!?\(|\bserve(?:parallel)?\(|\b(?:Genie\.)?up\(",
                "julia --project {file}"),
    ),
}  # fmt: skip
_FRAMEWORKS: dict[str, dict[str, tuple[str, int | None]]] = {
    "swift": {"vapor": ("vapor/vapor", 8080), "hummingbird": ("hummingbird-project/hummingbird", 8080)},
    "dart": {"serverpod": ("serverpod", 8080), "dart-frog": ("dart_frog", 8080), "shelf": ("shelf", 8080)},
    "crystal": {"kemal": ("kemalcr/kemal", 3000), "lucky": ("luckyframework/lucky", 3000)},
    "cpp": {"drogon": ("Drogon", None), "crow": ("Crow", None), "oatpp": ("oatpp", None)},
    "perl": {"mojolicious": ("Mojolicious", 3000), "dancer": ("Dancer", 5000), "plack": ("Plack", 5000)},
    "julia": {"genie": ("Genie", 8000), "oxygen": ("Oxygen", 8080)},
    "haskell": {"yesod": ("yesod", 3000), "scotty": ("scotty", None), "servant": ("servant-server", None)},
}  # fmt: skip
"""Language -> framework -> what its manifest says of it, and the port that its own documentation has for it: Vapor,
"Server"; Hummingbird, "Getting Started"; Kemal, "Getting Started"; Lucky, "Starting Project"; Mojolicious, "Tutorial";
plackup's `--port`; Genie, "Hello World"; Oxygen, "serve"; Yesod, "Scaffolding"; Dart Frog, "Getting Started"; what
`dart create --template server-shelf` writes."""


def detect(folder: Folder) -> list[Detection]:
    """The first convention whose manifest is there."""
    for each in CONVENTIONS:
        file = _manifest(folder, each.manifest)
        if file and not (each.language == "julia" and not folder.line(file, r"^\s*(?:\[deps\]|uuid\b)")):
            return _told(folder, each, file)
    return []


def _manifest(folder: Folder, pattern: str) -> str | None:
    return folder.first(pattern) if not pattern.startswith("*") else next(iter(folder.top(pattern[1:])), None)


def _told(folder: Folder, convention: Convention, file: str) -> list[Detection]:
    notes = Notes(folder, convention.language)
    named = _name(folder, convention, file)
    name = named or file.rpartition(".")[0] or "app"
    if convention.manager:
        notes.declared("package_manager", convention.manager, file)
    if version := pinned(folder, convention.language, files=convention.versions):
        notes.declared("runtime_version", version.value, version.file, version.line)
    for field, command in (("install", convention.install), ("build", convention.build)):
        if command:
            notes.usual(field, command.format(name=name, file=file), file)
    script = _script(folder, convention.language)
    if convention.start and (not convention.name or named is not None):
        notes.usual("start", convention.start.format(name=name), file, sure=0.7)
    elif script:
        notes.usual("start", *script, sure=0.7)
    framework = _framework(notes, convention, file)
    runs = any(each.field == "start" for each in notes.found)
    notes.speaks(file, SERVES if framework and runs else BUILDS)
    notes.kind("web" if runs else "library", (file, None), 0.85 if framework and runs else 0.5)
    return notes.found


def _name(folder: Folder, convention: Convention, file: str) -> str | None:
    """The program that a build makes."""
    match = re.search(convention.name, folder.text(file, limit=200_000) or "") if convention.name else None
    named = next((group for group in match.groups() if group), None) if match else None
    if convention.language == "swift":
        sources = (re.fullmatch(r"Sources/([\w-]+)/(?:main|entrypoint)\.swift", each) for each in folder.files)
        return next((each[1] for each in sources if each), named)
    if convention.language == "dart":
        programs = [each for each in folder.files if re.fullmatch(r"bin/[\w-]+\.dart", each)]
        own = [each for each in programs if each == f"bin/{named}.dart"] or programs
        return own[0].removeprefix("bin/").removesuffix(".dart") if own else None
    if convention.language == "zig" and named is None and folder.has("src/main.zig"):
        return folder.repository.root.name if folder.path in {".", ""} else folder.path.rpartition("/")[2]
    return named


def _script(folder: Folder, language: str) -> tuple[str, str, int | None] | None:
    """Command, file and line of a script that serves by what stands in it."""
    for script in _SCRIPTS.get(language, ()):
        for file in folder.files:
            if re.fullmatch(script.file, file) and (not script.says or folder.line(file, script.says) is not None):
                return script.start.format(file=file), file, folder.line(file, script.says) if script.says else None
    return None


def _framework(notes: Notes, convention: Convention, file: str) -> str | None:
    """The framework that a manifest names, and its port."""
    for name, (said, port) in _FRAMEWORKS.get(convention.language, {}).items():
        if line := notes.folder.line(file, rf"(?<![\w-]){re.escape(said)}\b"):
            notes.declared("framework", name, file, line)
            if port:
                notes.usual("port", port, file, line, note=f"{name}'s own")
            return name
    return None
