"""The machine room: moto's server, machines for its instances, and the addresses that AWS gives to both."""

from __future__ import annotations

import http.client
import logging
import sys
import threading
import time
from dataclasses import dataclass, field
from email import message_from_string
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import gaps
import machines
from databases import Database
from faults import Fault, action_of, refusal
from forwarder import forwarder
from gaps.templates import ZONE
from machines import GATEWAY, Machine
from metadata import ADDRESS, Metadata
from tunnels import Tunnels

REGION = "eu-west-1"
PORT = 4566
KEY_ID, SECRET = "AKIAREHEARSAL0000001", "rehearsal-secret-of-nobody"
TUNNELS = "127.0.1.1"
HOSTS = Path("/etc/hosts")


@dataclass
class MachineRoom:
    """One account in one region. console_delay: seconds after which a console has what a machine printed."""

    folder: Path
    tree: Path
    cgroups: Path
    console_delay: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    _servers: list[Any] = field(default_factory=list)
    _ports: int = 0

    @property
    def api(self) -> str:
        return f"http://{GATEWAY}:{PORT}"

    @property
    def environment(self) -> dict[str, str]:
        """What a user of this account has in the environment: documented variables of the AWS SDKs alone."""
        return {
            "AWS_ENDPOINT_URL": self.api,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CA_BUNDLE": str(self.tunnels.ca),
        }

    def open(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        machines.open_network()
        gaps.fill(self)
        self.tunnels = Tunnels(
            {}, self.folder, address=(TUNNELS, 443), names=(f"*.{ZONE}",), login=(KEY_ID, SECRET), region=REGION
        )
        self.tunnels.start()
        machines.ip("address", "add", f"{ADDRESS}/32", "dev", "room")
        metadata = Metadata(self._at, (KEY_ID, SECRET))
        metadata.start()
        self._servers.append(metadata)
        application = DomainDispatcherApplication(create_backend_app)
        server = make_server(
            GATEWAY, PORT, self._watched(application), threaded=True, request_handler=MotoRequestHandler
        )
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        for name in list(self.machines):
            self.end(name)
        for database in self.databases.values():
            database.end()
        for server in self._servers:
            server.shutdown()
        self.tunnels.stop()

    # What the gaps ask.

    def boot(self, instance: Any, key: str) -> None:
        self._ports += 1
        machine = Machine(
            instance.id,
            instance.private_ip,
            instance.public_ip or "",
            key.strip(),
            self.folder,
            self.tree,
            self.cgroups,
            script_of(getattr(instance, "user_data", None)),
            self.api,
        )
        self.machines[instance.id] = machine
        _name(machine.name, machine.private)
        machine.boot(self._ports)

    def _at(self, address: str) -> str | None:
        """The machine with an address."""
        return next((name for name, one in self.machines.items() if one.private == address), None)

    def end(self, instance_id: str) -> None:
        machine = self.machines.pop(instance_id, None)
        if machine is not None:
            machine.end()

    def console(self, instance_id: str) -> str:
        machine = self.machines.get(instance_id)
        if machine is None or time.monotonic() - machine.booted < self.console_delay:
            return ""
        return machine.output()

    def balancer(self, load_balancer: Any) -> None:
        address = f"127.0.2.{len(self._servers)}"
        server = ThreadingHTTPServer((address, 80), forwarder(self, load_balancer))
        server.daemon_threads = True
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _name(load_balancer.dns_name, address)

    def database(self, instance: Any, password: str) -> None:
        address = f"10.0.254.{len(self.databases) + 1}"
        machines.ip("address", "add", f"{address}/32", "dev", "room")
        self.databases[instance.address] = Database(
            self.folder, address, instance.master_username, password, instance.db_name
        )
        _name(instance.address, address)

    def end_database(self, address: str) -> None:
        self.databases[address].end()

    def endpoint(self, endpoint: Any) -> None:
        _name(endpoint.dns, TUNNELS)

    def answers(self, instance_id: str, port: int, path: str) -> int | None:
        machine = self.machines.get(instance_id)
        if machine is None:
            return None
        connection = http.client.HTTPConnection(machine.private, port, timeout=5)
        try:
            connection.request("GET", path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _watched(self, application: Any) -> Any:
        lock = threading.RLock()

        def serve(environ: dict[str, Any], start_response: Any) -> Any:
            action = action_of(environ)
            self.calls.append(action)
            fault = next((one for one in list(self.faults) if one.strikes(action)), None)
            if fault is None:
                # moto is not safe for several threads; what is slow in it (health checks) is bounded.
                said: list[str] = []

                def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                    said.append(status)
                    return start_response(status, gaps.answered(headers), *more)

                with lock:
                    body = list(application(environ, begin))
                if said[0] >= "500":
                    print(f"moto fails at {action}: {said[0]} {b''.join(body).decode()[-2000:]}", file=sys.stderr)
                return body
            return refusal(fault, environ, start_response)

        return serve


def script_of(user_data: str | None) -> str:
    """What cloud-init runs of user data of several parts; nothing of other user data."""
    parts = message_from_string(user_data).walk() if user_data and user_data.startswith("Content-Type:") else ()
    return next((str(one.get_payload()) for one in parts if one.get_content_type() == "text/x-shellscript"), "")


def _name(name: str, address: str) -> None:
    """Gives a name to an address, in the rehearsal's own /etc/hosts."""
    with HOSTS.open("a") as hosts:
        hosts.write(f"{address} {name}\n")
