"""Rust: the release binaries beside the application's files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import tools
from hivemind.builds.custom import run_build
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def build(work: Work) -> None:
    """Runs the build command, `cargo build --release` without one, and puts the binaries into `target/release`.

    For systems other than this machine it builds against musl, so that the instance's C library does not matter.
    Raises StageError(BUILD) where that target is not installed.
    """
    service = work.service
    tools.require(service, work.sources)
    made = work.store.cache(f"cargo-target/{service.name}")
    environment = {"CARGO_TARGET_DIR": str(made), "CARGO_TERM_COLOR": "never"}
    release = made / "release"
    if not work.platform.native:
        triple = f"{work.platform.machine}-unknown-linux-musl"
        _require_target(work, triple)
        environment["CARGO_BUILD_TARGET"] = triple
        release = made / triple / "release"
    locked = " --locked" if "Cargo.lock" in work.sources.files else ""
    run_build(work, command=service.build or f"cargo build --release{locked}", **environment)
    programs = _programs(release)
    if not programs:
        raise StageError(
            Stage.BUILD, f"{service.name}: cargo built no program", subject=service.name, hint="Is the crate a library?"
        )
    target = work.app / "target" / "release"
    shutil.rmtree(work.app / "target", ignore_errors=True)
    target.mkdir(parents=True)
    for program in programs:
        shutil.copy2(program, target / program.name)
    work.runtime = "rust"
    work.start = service.start or f"./target/release/{programs[0].name}"


def _programs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and os.access(path, os.X_OK) and not path.suffix)


def _require_target(work: Work, triple: str) -> None:
    if not tools.rust_target(triple):
        raise StageError(
            Stage.BUILD,
            f"building {work.service.name} needs Rust's target {triple} on this machine",
            subject=work.service.name,
            hint=f"Add it with `rustup target add {triple}`.",
        )
