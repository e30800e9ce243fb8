"""H5xx: what builds need, said in the plan."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H501", "no such interpreter version", "The service asks for a version of Python that its operating system does not have, or for one of Node that neither the instances have nor a package brings along. In the local cloud, the nearest one of this machine stands in, with a warning.", "Ask for a version that is there, or choose another `os`."),
    Entry("H502", "lock contradicts its manifest", "The manifest asks for a dependency that the lock file does not hold, or not in that version. Builds install what the lock holds, so one of them is out of date.", "Make the lock again with the tool that wrote it, and commit it."),
    Entry("H503", "program missing for the build", "This machine lacks a program that the build takes, or has an older version than the project asks for; or the system of the build instance has no package of it.", "Install what is named; the finding says how. Or build on a build instance:  build: remote ."),
    Entry("H504", "nothing to run it on the instance", "The operating system of the instances has no runtime of this language in this version, or no program of the name that the start command begins with, and none can be brought along.", "Ask for a version that is there, or build something that runs by itself; the local cloud has what this machine has."),
    Entry("H505", "lock file can't be read", "A lock file is damaged, holds conflict markers of git, or does not belong to this project.", "Make it again with the tool that writes it."),
    Entry("H506", "language that is not built", "No plugin builds this language, and neither does HiveMind itself.", "Write `runtime: shell` with `build` and `start`: whatever the build leaves in the folder is shipped, and must run on the instance by itself."),
)  # fmt: skip
