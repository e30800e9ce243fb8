"""Languages that one convention each recognises, builds and starts: nothing is known of their frameworks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes
from hivemind.agents.recon.reading import pinned
from hivemind.agents.recon.weights import BUILDS, SOURCES
from hivemind.detection import Detection


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
    sure: float = BUILDS


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
    Convention("scheme", "haunt.scm", "", None, None, "haunt build", None),
    Convention("julia", "Project.toml", "", "pkg", "julia --project -e 'using Pkg; Pkg.instantiate()'", None, None),
    Convention("cobol", "*.cbl", "", None, None, "cobc -x -o {name} {file}", "./{name}", (), SOURCES),
    Convention("cobol", "*.cob", "", None, None, "cobc -x -o {name} {file}", "./{name}", (), SOURCES),
)  # fmt: skip
_ENTRIES = {
    "julia": ("app.jl", "main.jl", "server.jl"),
    "scheme": ("init.scm", "main.scm"),
    "perl": ("app.psgi", "app.pl"),
}
_RUNNERS = {"julia": "julia --project {file}", "scheme": "guile {file} --auto-compile",
            "app.psgi": "plackup -p ${PORT:-5000} {file}", "perl": "perl {file}"}  # fmt: skip


def detect(folder: Folder) -> list[Detection]:
    """The first convention whose manifest is there."""
    for each in CONVENTIONS:
        file = _manifest(folder, each.manifest)
        if file and not (each.language == "julia" and not folder.line(file, r"^\s*(?:\[deps\]|uuid\b)")):
            return _told(folder, each, file)
    return []


def _manifest(folder: Folder, pattern: str) -> str | None:
    if not pattern.startswith("*"):
        return folder.first(pattern)
    found = folder.top(pattern[1:])
    return next((file for file in found if file.startswith(("index.", "main."))), next(iter(found), None))


def _told(folder: Folder, convention: Convention, file: str) -> list[Detection]:
    notes = Notes(folder, convention.language)
    match = re.search(convention.name, folder.text(file, limit=200_000) or "") if convention.name else None
    named = next((group for group in match.groups() if group), None) if match else None
    if convention.language == "swift":
        sources = (re.fullmatch(r"Sources/([\w-]+)/main\.swift", each) for each in folder.files)
        named = next((each[1] for each in sources if each), named)
    elif convention.language == "zig" and named is None and folder.has("src/main.zig"):
        named = folder.repository.root.name if folder.path in {".", ""} else folder.path.rpartition("/")[2]
    name = named or file.rpartition(".")[0] or "app"
    notes.speaks(file, convention.sure)
    if convention.manager:
        notes.declared("package_manager", convention.manager, file)
    if version := pinned(folder, convention.language, files=convention.versions):
        notes.declared("runtime_version", version.value, version.file, version.line)
    for field, command in (("install", convention.install), ("build", convention.build)):
        if command:
            notes.usual(field, command.format(name=name, file=file), file)
    entry = folder.first(*_ENTRIES.get(convention.language, ()))
    program = not convention.name or named is not None
    if convention.start and program:
        notes.usual("start", convention.start.format(name=name), file, sure=0.7)
    elif entry:
        runner = _RUNNERS.get(entry) or _RUNNERS[convention.language]
        notes.usual("start", runner.replace("{file}", entry), entry, sure=0.7)
    runs = any(each.field == "start" for each in notes.found)
    notes.kind("web" if runs else "library", (file, None), 0.5)
    return notes.found
