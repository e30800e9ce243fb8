"""Ruby applications and gems."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.ruby import gemfile, needs
from hivemind.agents.recon.languages.ruby.gemfile import Gems
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, HINT, MANIFEST, PAGES, SERVES, SOURCES
from hivemind.detections.detection import Detection

LANGUAGE = "ruby"
FRAMEWORKS = {
    "rails": "rails", "railties": "rails", "hanami": "hanami", "grape": "grape", "roda": "roda", "padrino": "padrino",
    "sinatra": "sinatra", "cuba": "cuba", "camping": "camping", "ramaze": "ramaze", "syro": "syro",
    "jekyll": "jekyll", "github-pages": "jekyll", "bridgetown": "bridgetown", "middleman": "middleman",
    "nanoc": "nanoc",
}  # fmt: skip
"""By gem, in order of weight."""
_SITES = {"jekyll": ("_site", "jekyll build"), "bridgetown": ("output", "bridgetown build"),
          "middleman": ("build", "middleman build"), "nanoc": ("output", "nanoc compile")}  # fmt: skip
_SERVERS = ("puma", "unicorn", "falcon", "thin", "passenger", "iodine", "webrick", "rackup", "agoo", "pitchfork")
_WORKERS = {"sidekiq": "bundle exec sidekiq", "resque": "bundle exec rake resque:work QUEUE=*",
            "shoryuken": "bundle exec shoryuken", "sneakers": "bundle exec rake sneakers:run"}  # fmt: skip
_TOOLS = frozenset(
    {"fastlane", "cocoapods", "rake", "danger", "rubocop", "xcpretty", "dotenv", "bundler", "html-proofer"}
)
_COMMANDS = ("thor", "gli", "commander", "dry-cli", "slop", "optimist", "clamp", "tty-prompt")
_USUAL = ("app.rb", "main.rb", "server.rb", "web.rb", "application.rb", "index.rb", "bot.rb", "run.rb")
_PATTERNS = {
    "port": re.compile(
        r"\bPORT[\"'][\])]?\s*(?:,|\)|\]|\|\||\{)[^\d]{0,8}(\d{2,5})|\bset\s+:port\s*,\s*(\d{2,5})|^\s*port\s+(\d{2,5})\b"
    ),
    "health": re.compile(rf"^\s*get\s*\(?\s*[\"']({HEALTH}|up|health\w*)[\"']"),
    "listens": re.compile(r"TCPServer\.new|WEBrick::HTTPServer|Sinatra::Base|require [\"']sinatra[\"']|Rack::Handler"),
}


def detect(folder: Folder) -> list[Detection]:
    """What the Ruby part of a folder tells; nothing where there is no Gemfile, gemspec or Ruby file at the top."""
    gems = gemfile.read(folder)
    gemspec = next(iter(folder.top(".gemspec")), None)
    file = gems.file if gems else gemspec or folder.first("config.ru", *_USUAL)
    if file is None:
        return []
    gems = gems or Gems(file)
    notes = Notes(folder, LANGUAGE)
    _version(notes, gems)
    if file in {"Gemfile", "gems.rb"}:
        notes.declared("package_manager", "bundler", file)
        notes.usual("install", "bundle install", file)
    framework, spot = _framework(folder, gems, gemspec)
    if framework:
        notes.declared("framework", framework, *spot)
    if framework in _SITES:
        _site(notes, framework, spot)
    elif (
        framework == "rails"
        and (folder.has("config/application.rb") or folder.has("bin/rails"))
        and not (gemspec and not folder.has("config.ru"))
    ):
        _rails(notes, gems, spot)
    else:
        _plain(notes, gems, framework, gemspec)
    return notes.found


def _framework(folder: Folder, gems: Gems, gemspec: str | None) -> tuple[str | None, Spot]:
    if (
        folder.has("bin/rails")
        and not gemspec
        and "rails" not in gems.used
        and folder.line("bin/rails", r"rails|APP_PATH")
    ):
        return "rails", ("bin/rails", None)
    gem = gems.first(*FRAMEWORKS)
    return (FRAMEWORKS[gem], gems.used[gem]) if gem else (None, (gems.file, None))


def _version(notes: Notes, gems: Gems) -> None:
    folder = notes.folder
    if version := pinned(folder, "ruby", files=(".ruby-version",)):
        notes.declared("runtime_version", version.value, version.file, version.line)
    if gems.ruby:
        exact = re.fullmatch(r"\d+(\.\d+)*", gems.ruby[0]) is not None
        notes.declared("runtime_version", gems.ruby[0], gems.file, gems.ruby[1], sure=0.95 if exact else 0.8)
    if gems.locked_ruby:
        notes.declared("runtime_version", *gems.locked_ruby, sure=0.9)


def _site(notes: Notes, framework: str, spot: Spot) -> None:
    folder, command = _SITES[framework]
    notes.speaks(spot[0], PAGES)
    notes.kind("static", spot, 0.95)
    notes.usual("build", f"bundle exec {command}", *spot)
    notes.usual("static_dir", folder, *spot)


def _rails(notes: Notes, gems: Gems, spot: Spot) -> None:
    folder = notes.folder
    notes.speaks(spot[0], SERVES)
    notes.kind("web", spot, 0.95)
    if folder.has("app/assets/config/manifest.js") or gems.first(
        "sprockets-rails", "propshaft", "jsbundling-rails", "cssbundling-rails", "vite_rails", "shakapacker",
        "webpacker",        "tailwindcss-rails", "dartsass-rails",
    ):  # fmt: skip
        notes.usual("build", "bundle exec rails assets:precompile", *spot)
    notes.usual("start", "bundle exec rails server -b 0.0.0.0 -p ${PORT:-3000}", *spot, note="usual for rails")
    if folder.first("db/schema.rb", "db/structure.sql") or any(file.startswith("db/migrate/") for file in folder.files):
        notes.usual("release", "bundle exec rails db:migrate", *spot)
    hits = scan(folder, [each for each in ("config/puma.rb",) if folder.has(each)], _PATTERNS, comments=("#",))
    if number := port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    else:
        notes.usual("port", 3000, *spot, note="rails' own")  # Rails, "The Rails Command Line"
    line = folder.line("config/routes.rb", r"^[^#]*rails/health#show")
    if line:
        notes.code("health_path", "/up", "config/routes.rb", line)
    if folder.has("config/credentials.yml.enc") and not folder.has("config/master.key"):
        notes.usual("env_required", "RAILS_MASTER_KEY", "config/credentials.yml.enc", sure=0.8)
    else:
        notes.usual("env_required", "SECRET_KEY_BASE", *spot)
    needs.detect(notes, gems)


def _plain(notes: Notes, gems: Gems, framework: str | None, gemspec: str | None) -> None:
    folder = notes.folder
    hits = scan(folder, folder.sources(".rb", ".ru", most=200), _PATTERNS, comments=("#",))
    rack = folder.has("config.ru")
    script = next((each for each in _USUAL if folder.has(each)), None) or _only_script(folder)
    if gemspec and not rack and not (script and framework):
        program = next((file for file in folder.files if file.startswith("exe/")), None)
        listed = folder.line(gemspec, r"\.executables\s*=(?!.*(?:\[\s*\]|\^exe/)).*[\"'%]")
        program = program or (gemspec if listed else None)
        notes.speaks(gemspec, BUILDS if program else MANIFEST)
        notes.kind("cli" if program else "library", (program or gemspec, None), 0.85)
        return
    serves = rack or framework is not None or gems.first(*_SERVERS) is not None or bool(hits["listens"])
    worker = gems.first(*_WORKERS)
    if worker and not serves:
        notes.speaks(gems.file, SERVES)
        notes.kind("worker", gems.used[worker])
        notes.usual("start", _WORKERS[worker], *gems.used[worker])
        needs.detect(notes, gems)
        return
    command = _command(folder, gems, script, rack=rack)
    if command is None:
        idle = bool(gems.used) and _TOOLS.issuperset(gems.used)
        notes.speaks(gems.file, HINT if idle else MANIFEST if gems.used else SOURCES)
        return
    text, spot = command
    sure = SERVES if serves else BUILDS if gems.file in {"Gemfile", "gems.rb"} else SOURCES
    notes.speaks(gems.file, sure)
    if not serves and (tool := gems.first(*_COMMANDS)):
        notes.kind("cli", gems.used[tool], 0.8)
        return
    seen = (hits["listens"][0].file, hits["listens"][0].line) if hits["listens"] else spot
    notes.kind("web", ("config.ru", None) if rack else seen, 0.9 if serves else 0.5)
    notes.usual("start", text, *spot)
    _port(notes, hits, framework, text, spot)
    for hit in healthiest(hits["health"]):
        notes.code("health_path", "/" + hit.value.lstrip("/"), hit.file, hit.line)
    needs.detect(notes, gems)


def _command(folder: Folder, gems: Gems, script: str | None, *, rack: bool) -> tuple[str, Spot] | None:
    bundled = "bundle exec " if gems.file in {"Gemfile", "gems.rb"} and gems.used else ""
    if folder.has("config/puma.rb") and rack and "puma" in gems.used:
        return f"{bundled}puma -C config/puma.rb", ("config/puma.rb", None)
    if rack and gems.first("passenger"):
        return f"{bundled}passenger start --port ${{PORT:-3000}}", gems.used["passenger"]
    if rack:
        modern = gems.locked.get("rack", "2").startswith(("3", "4")) and "rackup" not in gems.locked
        if modern and "puma" in gems.used:
            return f"{bundled}puma -b tcp://0.0.0.0:${{PORT:-3000}}", ("config.ru", None)
        return f"{bundled}rackup config.ru -o 0.0.0.0 -p ${{PORT:-3000}}", ("config.ru", None)
    return (f"{bundled}ruby {script}", (script, None)) if script else None


def _only_script(folder: Folder) -> str | None:
    scripts = [file for file in folder.top(".rb") if file != "gems.rb"]
    return scripts[0] if len(scripts) == 1 else None


def _port(notes: Notes, hits: dict[str, list[Hit]], framework: str | None, text: str, spot: Spot) -> None:
    given = re.search(r"\$\{PORT:-(\d+)\}", text)
    if given:
        notes.code("port", int(given[1]), *spot, note="the start command's own")
    elif number := port(sorted(hits["port"], key=lambda hit: hit.file != "config/puma.rb")):
        notes.code("port", int(number.value), number.file, number.line)
    elif framework == "sinatra":
        notes.usual("port", 4567, *spot, note="sinatra's own")  # Sinatra, "Configuring Settings"
