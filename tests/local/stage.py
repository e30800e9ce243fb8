"""A region for the tests of instances and data plane: views by hand, instances with small applications on them."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import dataclasses
import functools
import http.client
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncssh

from hivemind.local.instances import Instances
from hivemind.local.model import (
    Instance,
    Listener,
    ListenerRule,
    LoadBalancer,
    RegionView,
    Rule,
    TargetGroup,
)

ACCOUNT, REGION = "000000000000", "eu-west-1"
KEY = asyncssh.generate_private_key("ssh-ed25519")
PUBLIC = KEY.export_public_key().decode().strip()
EVERYWHERE = "0.0.0.0/0"
SSH = Rule("tcp", 22, 22, cidr=EVERYWHERE)
WEB = Rule("tcp", 8000, 8000, group="sg-lb")
GROUPS: Mapping[str, tuple[Rule, ...]] = {"sg-app": (SSH, WEB), "sg-lb": (Rule("tcp", 80, 89, cidr=EVERYWHERE),)}

APPLICATION = """
import http.server, pathlib, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if "slow" in self.path: time.sleep(1)
        status = pathlib.Path("/tmp/status")
        code = int(status.read_text()) if status.exists() else 200
        names = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "Host")
        body = "|".join([sys.argv[3], self.path, *(self.headers.get(n, "-") for n in names)]).encode()
        self.send_response(code); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    def server_bind(self): self.socket.bind(self.server_address); self.server_name, self.server_port = "", 0
Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


def instance(number: int, *, groups: tuple[str, ...] = ("sg-app",), user_data: str = "") -> Instance:
    return Instance(f"i-{number:08x}", ACCOUNT, REGION, f"10.0.0.{number}", PUBLIC, groups, user_data)


def target_group(name: str, *targets: tuple[str, int], **changes: Any) -> TargetGroup:
    group = TargetGroup(
        f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/1", ACCOUNT, REGION, name, 8000, "HTTP",
        "HTTP", "/", "traffic-port", 30.0, 5.0, 2, 2, "200", targets, 30.0,
    )  # fmt: skip
    return dataclasses.replace(group, **changes)


def forward(*groups: TargetGroup | tuple[TargetGroup, int]) -> dict[str, Any]:
    pairs = [one if isinstance(one, tuple) else (one, 1) for one in groups]
    shares = [{"TargetGroupArn": group.arn, "Weight": weight} for group, weight in pairs]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}


def rule(priority: int | None, action: Mapping[str, Any], *conditions: Mapping[str, Any]) -> ListenerRule:
    return ListenerRule(priority, conditions, (action,))


def host(*values: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def balancer(
    *rules: ListenerRule, port: int = 80, protocol: str = "HTTP", more: tuple[Listener, ...] = ()
) -> LoadBalancer:
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/1"
    listener = Listener(f"{arn}/{port}", port, protocol, (), (), rules)
    return LoadBalancer(arn, ACCOUNT, REGION, "web", "web-1.elb.amazonaws.com", ("sg-lb",), (listener, *more))


@functools.cache
def machine() -> Path:
    """What the instances of this test process share of this machine's files."""
    folder = tempfile.mkdtemp(prefix="hml-")
    atexit.register(shutil.rmtree, folder)
    return Path(folder)


@contextlib.asynccontextmanager
async def running(directory: Path, view: RegionView) -> AsyncIterator[Instances]:
    """All instances of the view, started; stopped at the end."""
    instances = Instances(directory, lambda *_: None, machine())
    try:
        await asyncio.gather(*(instances.start(one, lambda: view) for one in view.instances))
        yield instances
    finally:
        await instances.close()


@contextlib.asynccontextmanager
async def login(instances: Instances, one: Instance) -> AsyncIterator[asyncssh.SSHClientConnection]:
    address = instances.address(one.id, 22)
    async with asyncssh.connect(
        *address, username="admin", client_keys=[KEY], known_hosts=None, agent_path=None, config=None
    ) as connection:
        yield connection


async def serve(
    instances: Instances, one: Instance, says: str = "", *, bind: str = "0.0.0.0", port: int = 8000
) -> None:
    """Starts the application on an instance and returns when it listens."""
    async with login(instances, one) as ssh:
        async with ssh.start_sftp_client() as files, files.open("/opt/application.py", "w") as target:
            await target.write(APPLICATION)
        await ssh.run(
            f"sudo -u hivemind nohup python3 /opt/application.py {bind} {port} {says or one.id} "
            ">/tmp/log 2>&1 </dev/null &",
            check=True,
        )
        await ssh.run(f"until grep -qi ':{port:04x} 00000000:0000 0A' /proc/net/tcp; do sleep 0.05; done", check=True)


async def get(
    address: tuple[str, int], path: str = "/", *, headers: Mapping[str, str] | None = None
) -> tuple[int, str, Mapping[str, str]]:
    """Status, body and headers. Raises OSError when there is no HTTP answer."""

    def ask() -> tuple[int, str, Mapping[str, str]]:
        connection = http.client.HTTPConnection(*address, timeout=20)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20.0) -> None:
    """Waits for something that other processes bring about."""
    async with asyncio.timeout(seconds):
        while True:
            said = condition()
            if said if isinstance(said, bool) else await said:
                return
            await asyncio.sleep(0.05)
