"""Sites that are built by one program of their own: Hugo, Zola, mdBook, Jekyll without a Gemfile."""

from __future__ import annotations

from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes
from hivemind.agents.recon.weights import PAGES
from hivemind.detections.detection import Detection

LANGUAGE = "static"


@dataclass(frozen=True)
class _Builder:
    """settings: any of these says so; those of `shared` do where one of `folders` is there, too."""

    name: str
    command: str
    output: str
    settings: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


_ENDS = ("toml", "yaml", "yml", "json")
_BUILDERS = (
    _Builder("hugo", "hugo --minify", "public",
             tuple(f"{place}hugo.{end}" for place in ("", "config/_default/") for end in _ENDS),
             tuple(f"config.{end}" for end in _ENDS), ("archetypes/", "layouts/_default/", "themes/")),
    _Builder("zola", "zola build", "public", (), ("config.toml",), ("content/_index.md", "templates/index.html")),
    _Builder("mdbook", "mdbook build", "book", ("book.toml",)),
    _Builder("jekyll", "jekyll build", "_site", (), ("_config.yml",), ("_posts/", "_layouts/", "index.md")),
)  # fmt: skip
"""By their documentation: gohugo.io "Configuration", getzola.org "Directory structure", mdBook "Creating a book",
Jekyll "Directory Structure"."""
_OTHERS = ("Gemfile", "manage.py", "requirements.txt", "pom.xml", "composer.json", "Cargo.toml")
"""Manifests of what has such folders for reasons of its own, or names the builder itself."""


def detect(folder: Folder) -> list[Detection]:
    """`kind` static, with the command that builds and the folder that it fills."""
    if any(folder.has(each) for each in _OTHERS) or folder.top(".go"):
        return []
    for builder in _BUILDERS:
        file = folder.first(*builder.settings) or _shared(folder, builder)
        if file:
            notes = Notes(folder, LANGUAGE)
            notes.speaks(file, PAGES)
            notes.declared("framework", builder.name, file)
            notes.kind("static", (file, None), 0.9)
            notes.usual("build", builder.command, file)
            notes.usual("static_dir", builder.output, file)
            notes.usual("port", 80, file, sure=0.5, note="HTTP")
            return notes.found
    return []


def _shared(folder: Folder, builder: _Builder) -> str | None:
    file = folder.first(*builder.shared)
    beside = any(file_.startswith(builder.folders) for file_ in folder.files) if builder.folders else False
    return file if file and beside else None
