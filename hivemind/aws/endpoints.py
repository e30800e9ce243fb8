"""EC2 Instance Connect Endpoints: which one leads to an instance, and a connection through it.

Quotas (EC2 user guide, "EC2 Instance Connect Endpoint"): 5 endpoints a region and account, 1 a VPC, 20 connections at
a time through each, an hour for each.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hivemind.aws import signing
from hivemind.aws.errors import answered
from hivemind.aws.tunnel import TunnelRefused, open_tunnel
from hivemind.template.names import ENDPOINT_TAG
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud, Line, NoRoom
from hivemind.values.errors import HiveMindError

SECONDS = 3600
"""How long AWS keeps a tunnel open; `maxTunnelDuration` can only shorten it."""
CONNECTIONS = 20
"""At a time through one endpoint."""
QUOTA = 5
"""Endpoints a region and account, unless AWS was asked for more."""
_USABLE = ("create-complete", "update-in-progress", "update-failed", "update-complete")
_ENDING = ("delete-in-progress", "delete-complete", "delete-failed")


@dataclass(frozen=True)
class Endpoint:
    """id: `eice-0123456789abcdef0`. host: where its tunnels are opened."""

    id: str
    host: str


class Endpoints:
    """The endpoints of one region, and the tunnels that this process has open through each. Thread-safe."""

    def __init__(self, cloud: Cloud, *, profile: str | None) -> None:
        self._cloud = cloud
        self._profile = profile
        self._found: dict[str, Endpoint] = {}
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def leading_to(self, instance: Mapping[str, Any]) -> Endpoint | None:
        """The endpoint for an instance, as DescribeInstances has it: the one that its tag names, else its VPC's.
        None where there is none that works."""
        tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
        key = tags.get(ENDPOINT_TAG) or str(instance.get("VpcId", ""))
        with self._lock:
            if key in self._found:
                return self._found[key]
        found = self._look(key)
        if found is not None:
            with self._lock:
                self._found[key] = found
        return found

    def _look(self, key: str) -> Endpoint | None:
        usable = [{"Name": "state", "Values": list(_USABLE)}]
        named: dict[str, Any] = {"Filters": [*usable, {"Name": "vpc-id", "Values": [key]}]}
        if key.startswith("eice-"):
            named = {"Filters": usable, "InstanceConnectEndpointIds": [key]}
        try:
            answer = self._cloud.client("ec2").describe_instance_connect_endpoints(**named)
        except CloudCallFailed as error:
            if "NotFound" in error.code:
                return None
            raise
        for one in answer["InstanceConnectEndpoints"]:
            host = one.get("FipsDnsName") if signing.wants_fips(self._profile) else None
            return Endpoint(one["InstanceConnectEndpointId"], host or one["DnsName"])
        return None

    def connect(self, endpoint: Endpoint, address: str, port: int, *, timeout: float) -> Line:
        """A connection to a private address. timeout: seconds.

        Raises NoRoom where all connections of the endpoint are in use, CloudCallFailed or CloudUnreachable where AWS
        refuses the caller, other OSErrors where nothing answers.
        """
        with self._lock:
            if self._open[endpoint.id] >= CONNECTIONS:
                raise NoRoom(f"all {CONNECTIONS} connections of {endpoint.id} are in use")
            self._open[endpoint.id] += 1
        once = threading.Lock()

        def ended() -> None:
            if once.acquire(blocking=False):
                with self._lock:
                    self._open[endpoint.id] -= 1

        try:
            url = self._signed(endpoint, address, port)
            cafile = signing.trusted(self._profile)
            return open_tunnel(url, timeout=timeout, lasts=SECONDS, cafile=cafile, ended=ended)
        except TunnelRefused as error:
            ended()
            raise _refusal(error) or error from error
        except BaseException:
            ended()
            raise

    def _signed(self, endpoint: Endpoint, address: str, port: int) -> str:
        asked = {
            "instanceConnectEndpointId": endpoint.id,
            "remotePort": port,
            "privateIpAddress": address,
            "maxTunnelDuration": SECONDS,
        }
        url = f"wss://{endpoint.host}/openTunnel?{urlencode(asked)}"
        return signing.presigned(
            url, service="ec2-instance-connect", region=self._cloud.region, profile=self._profile, seconds=60
        )


def count(cloud: Cloud) -> int:
    """How many endpoints there are in the region, towards AWS's quota."""
    pages = cloud.client("ec2").get_paginator("describe_instance_connect_endpoints").paginate()
    return sum(one.get("State") not in _ENDING for page in pages for one in page["InstanceConnectEndpoints"])


def _refusal(error: TunnelRefused) -> HiveMindError | None:
    """Our error where AWS refuses the caller; None for what may work in a moment."""
    if error.status not in (401, 403):
        return None
    try:
        said = json.loads(error.body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    message = str(said.get("message") or said.get("Message") or error.body or "no reason")
    code = error.headers.get("x-amzn-errortype") or str(said.get("__type") or said.get("code") or "AccessDenied")
    return answered(code.partition(":")[0].rpartition("#")[2], message, "OpenTunnel", "ec2-instance-connect")
