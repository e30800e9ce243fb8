"""Commands out of a process that has loaded HiveMind already: each is a process of its own, forked from one that waits.

Half of what a short command costs is the loading of its modules. `Commands` starts one process that loads them and then
forks itself for every command; a fork gets the arguments, the folder, the variables and the three standard files that
it would have got as a program, and ends as one. Linux only: `available` says whether it is this.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import random
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, get_args

from hivemind.values.defaults import DEFAULT_REGION

MESSAGE_BYTES = 1 << 20
UNWRITTEN = 120
"""Python's exit code where its last words could not be written."""
_LOADED = ("agents", "aws", "builds", "cli", "deploy", "flow", "hosts", "plan", "plugins", "releases", "template")
_MORE = (
    "botocore.client",
    "botocore.handlers",
    "botocore.session",
    "hivemind.local.cloud",
    "paramiko",
    "pg8000.native",
)
_SERVICES = ("cloudformation", "ec2", "elbv2", "rds", "s3", "secretsmanager", "ssm", "sts")
NOWHERE = "http://127.0.0.1:9"
_BLUEPRINT = """\
hivemind: 1
name: warm
services:
  web: {runtime: python, start: python app.py, port: 8000, health: /health, needs: [db, cache]}
resources: {db: postgres, cache: redis}
"""
_INHERITED = ("PYTHON", "LC_", "LANG")
"""Variables that the interpreter reads at its start, which a fork has behind it."""

Arguments = Sequence[str]


def available() -> bool:
    """Whether this system has what forking here needs."""
    return hasattr(os, "pidfd_open") and hasattr(socket, "SOCK_SEQPACKET")


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that must be the same for a fork as for the process that it comes from."""
    found = {name: value for name, value in variables.items() if name.startswith(_INHERITED)}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def serve(requests: socket.socket) -> int:
    """Forks for every request until the other end is closed, then ends what still runs; the exit code. In a fork it
    does not return."""
    _load()
    running: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        requests.send(b"ready")
        while True:
            for key, _ in selector.select():
                if key.fileobj is not requests:
                    _reap(selector, running, key.fd)
                    continue
                content, files, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, 4)
                if not content:
                    for pid, _ in running.values():
                        os.kill(pid, signal.SIGKILL)
                    return 0
                *standard, told = files
                child = os.fork()
                if not child:
                    for _, other in running.values():
                        other.close()
                    requests.close()
                    os.close(told)
                    _become(json.loads(content), standard)
                for file in standard:
                    os.close(file)
                teller = socket.socket(fileno=told)
                teller.send(str(child).encode())
                handle = os.pidfd_open(child)
                running[handle] = (child, teller)
                selector.register(handle, selectors.EVENT_READ)


def _load() -> None:
    """Imports what commands import. A module that can't be had is not there for them either."""
    wanted = [f"hivemind.{name}" for name in _LOADED]
    while wanted:
        name = wanted.pop()
        with suppress(ImportError):
            module = import_module(name)
            wanted += [f"{name}.{one.name}" for one in iter_modules(getattr(module, "__path__", ()))]
    for name in _MORE:
        with suppress(ImportError):
            import_module(name)
    _make_clients()
    _check_once()
    gc.collect()
    gc.freeze()


def _make_clients() -> None:
    """Reads the descriptions of the services that commands ask, which are large."""
    from hivemind.aws.clients import CallCounter, make_client

    nobody = "nobody"
    for service in _SERVICES:
        make_client(
            service,
            region=DEFAULT_REGION,
            counter=CallCounter(),
            endpoint=NOWHERE,
            access_key=nobody,
            secret_key=nobody,
        )


def _check_once() -> None:
    """Takes a blueprint through its check and a plan: what is compiled, resolved and imported for that once a
    process need not be so in the forks."""
    from hivemind import hookspecs
    from hivemind.hosts.installer import installer
    from hivemind.plugins.loading import load
    from hivemind.testing.samples import apply_of, checked
    from hivemind.values.annotations import answer_of

    with TemporaryDirectory() as folder:
        apply_of(checked(Path(folder), _BLUEPRINT, load(third_party=False), lint=False))
    for name, hook in vars(hookspecs).items():
        if name.startswith("hivemind_"):
            _resolve(answer_of(hook), set())
    installer()


def _resolve(annotation: Any, seen: set[Any]) -> None:
    """Finds the annotations of all dataclasses in an annotation, and in theirs."""
    from hivemind.values.annotations import fields_of

    for one in (annotation, *get_args(annotation)):
        if one is not annotation:
            _resolve(one, seen)
        elif isinstance(one, type) and is_dataclass(one) and one not in seen:
            seen.add(one)
            for field in fields_of(one).values():
                _resolve(field, seen)


def _reap(selector: selectors.BaseSelector, running: dict[int, tuple[int, socket.socket]], handle: int) -> None:
    child, teller = running.pop(handle)
    selector.unregister(handle)
    os.close(handle)
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        teller.send(str(os.waitstatus_to_exitcode(status)).encode())
    teller.close()


def _become(request: dict[str, object], files: Sequence[int]) -> NoReturn:
    """Makes the fork what a started program is, and runs the command."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    arguments, folder, variables = request["arguments"], str(request["folder"]), request["variables"]
    assert isinstance(arguments, list)
    assert isinstance(variables, dict)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.path.insert(0, folder)  # as `python -m` does
    sys.argv = ["hivemind", *arguments]
    random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    line_by_line = os.isatty(1) or bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)
    sys.stdout = os.fdopen(
        1, "w", 1 if line_by_line else -1, encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False
    )
    sys.stderr = os.fdopen(2, "w", 1, encoding=sys.stderr.encoding, errors=sys.stderr.errors, closefd=False)
    from hivemind.cli.main import main

    _end(main())


def _end(code: int) -> NoReturn:
    """Ends as an interpreter does: threads, exit functions, streams. It does not take the modules apart one by one,
    since each of their pages would be copied for that from the process that waits: most of what a fork costs."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = UNWRITTEN
    os._exit(code)


def _run() -> NoReturn:
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    _run()
