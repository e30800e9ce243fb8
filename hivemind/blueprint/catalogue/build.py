"""H5xx: what builds need, said in the plan."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H501", "unavailable interpreter version", "The service asks for a version of Python that its operating system does not have, or for a version of Node.js that neither the instances nor a package provide. The local cloud uses the nearest version on this machine instead, with a warning.", "Ask for an available version, or choose another `os`."),
    Entry("H502", "lock file out of date", "The manifest asks for a dependency that the lock file does not contain, or contains in another version. Builds install what the lock file contains, so one of the two is out of date.", "Update the lock file with the tool that wrote it, and commit it."),
    Entry("H503", "missing build program", "This machine lacks a program that the build needs, or has an older version than the project asks for; or the operating system of the build instance has no package of the program.", "Install the program; the finding says how. Or build on a build instance: `build: remote`."),
    Entry("H504", "runtime missing on the instance", "The operating system of the instances does not have this version of the language's runtime, or lacks the program that the start command runs, and HiveMind cannot ship it with the application.", "Ask for an available version, or build a program that needs no runtime. The local cloud uses what this machine has."),
    Entry("H505", "unreadable lock file", "A lock file is damaged, contains conflict markers of git, or belongs to another project.", "Write the lock file again with its tool."),
    Entry("H506", "unsupported language", "Neither HiveMind nor a plugin builds this language.", "Write `runtime: shell` with `build` and `start`. HiveMind ships what the build leaves in the folder; it must run on the instance without other programs."),
    Entry("H507", "folder too large", "The folder of the blueprint has more files, or more bytes, than a release can have. HiveMind releases all of it or nothing.", "Name folders that do not belong to the application in `.hivemindignore`. Keep media and data in a bucket or a database."),
    Entry("H508", "not packed", "The folder holds something that no release can have: a link that leads nowhere, out of the folder or around it; a name that is not UTF-8; something that is no file; a folder that cannot be read; a committed folder, such as `node_modules`, that builds make anew.", "Replace the link with what it leads to, or rename the file. If the application does not need it, name it in `.hivemindignore`: then HiveMind says nothing."),
    Entry("H509", "Git LFS pointer", "The file is a pointer of Git LFS: the work tree was checked out without the contents. The application would find the pointer in place of the file.", "Run `git lfs pull`, then apply again."),
)  # fmt: skip
