"""Other detectors on the same trees: @specfy/stack-analyser, @vercel/fs-detectors, linguist-js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.recon.report import Measured
from benchmarks.recon.scoring import framework, language, wilson

PACKAGES = ("@specfy/stack-analyser", "@vercel/fs-detectors", "@vercel/frameworks", "linguist-js")
_LANGUAGES = {
    "javascript": "node", "typescript": "node", "tsx": "node", "jsx": "node", "vue": "node", "svelte": "node",
    "c#": "dotnet", "f#": "dotnet", "c++": "cpp", "html": "static", "css": "static", "nodejs": "node",
    "csharp": "dotnet", "golang": "go",
}  # fmt: skip
_WORDS = {
    "springboot": "spring-boot",
    "rubyonrails": "rails",
    "svelte.kit": "sveltekit",
    "react.router": "react-router",
}
_PROSE = {"Markdown", "JSON", "YAML", "Text"}
_PATIENCE = 900


def print_peers(measured: list[Measured]) -> None:
    """The peers' accuracy on the fields that they have, or why they can't be run here."""
    scored = [each for each in measured if each.case.left_out is None]
    try:
        answers, seconds = _answers(scored)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"  peers can't run here: {str(error)[:300]}")
        return
    print(f"  peers, {seconds:.1f} s in all (`framework` counts where any of their answers is the right one)")
    print(f"  {'field':<16} {'peer':<24} {'n':>4} {'%':>6}  95 % interval")
    for field, peer, read in (
        ("language", "linguist-js", _of_linguist),
        ("language", "@specfy/stack-analyser", _of_specfy),
        ("framework", "@specfy/stack-analyser", _frameworks_of_specfy),
        ("framework", "@vercel/fs-detectors", _framework_of_vercel),
        ("package_manager", "@vercel/fs-detectors", _manager_of_vercel),
    ):
        _print(field, peer, [(each, read(answers.get(each.case.id, {}))) for each in scored])


def _print(field: str, peer: str, said: list[tuple[Measured, set[str]]]) -> None:
    normal = {"language": language, "framework": framework}.get(field, str)
    known = [(normal(each.case.expected[field]), names) for each, names in said if each.case.expected.get(field)]
    if peer.startswith("@vercel") and field == "package_manager":
        known = [(name, names) for name, names in known if name in {"npm", "yarn", "pnpm", "bun"}]
    if not known:
        return
    right = sum(name in {normal(each) for each in names} for name, names in known)
    low, high = wilson(right, len(known))
    print(f"  {field:<16} {peer:<24} {len(known):>4} {right / len(known):>6.1%}  {low:.1%} - {high:.1%}")


def _answers(scored: list[Measured]) -> tuple[Mapping[str, Mapping[str, Any]], float]:
    folder = _installed()
    lines = "".join(json.dumps({"id": each.case.id, "folder": str(each.folder)}) + "\n" for each in scored)
    script = folder / "peers.mjs"
    shutil.copyfile(Path(__file__).with_name("peers.mjs"), script)
    began = time.perf_counter()
    done = subprocess.run(
        ["node", str(script)], input=lines, capture_output=True, text=True, cwd=folder, check=True, timeout=_PATIENCE
    )
    parsed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {each["id"]: each for each in parsed}, time.perf_counter() - began


def _installed() -> Path:
    """A folder in the user's cache that has the peers; installs them there the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hivemind/benchmarks/recon-peers"
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise OSError("node and npm are not installed")
    if not all((cache / "node_modules" / name).is_dir() for name in PACKAGES):
        print(f"   installing {', '.join(PACKAGES)} into {cache}", file=sys.stderr, flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        (cache / "package.json").write_text('{"private": true}\n')
        subprocess.run([npm, "install", "--no-audit", "--no-fund", *PACKAGES], cwd=cache, check=True, timeout=_PATIENCE,
                       capture_output=True)  # fmt: skip
    return cache


def _of_linguist(answer: Mapping[str, Any]) -> set[str]:
    """The language with the most bytes; without bytes, that of the most files is all that there is."""
    results = answer.get("linguist")
    if not isinstance(results, dict) or "error" in results:
        return set()
    sized = {name: each.get("bytes", 0) for name, each in results.items() if isinstance(each, dict)}
    best = max(sized, key=lambda name: sized[name], default=None)
    return {_LANGUAGES.get(best.lower(), best.lower())} if best else set()


def _of_specfy(answer: Mapping[str, Any]) -> set[str]:
    """The language with the most files."""
    found = answer.get("specfy")
    counted = found.get("languages") if isinstance(found, dict) else None
    programming = {name: count for name, count in (counted or {}).items() if name not in _PROSE}
    best = max(programming, key=lambda name: programming[name], default=None)
    return {_LANGUAGES.get(best.lower(), best.lower())} if best else set()


def _frameworks_of_specfy(answer: Mapping[str, Any]) -> set[str]:
    found = answer.get("specfy")
    techs = found.get("techs", ()) if isinstance(found, dict) else ()
    return {_WORDS.get(str(name), str(name)) for name in techs}


def _framework_of_vercel(answer: Mapping[str, Any]) -> set[str]:
    found = answer.get("vercel")
    name = found.get("framework") if isinstance(found, dict) else None
    return {{"nuxtjs": "nuxt"}.get(str(name), str(name).removesuffix("-1"))} if name else set()


def _manager_of_vercel(answer: Mapping[str, Any]) -> set[str]:
    found = answer.get("vercel")
    name = found.get("manager") if isinstance(found, dict) else None
    return {str(name)} if name else set()
