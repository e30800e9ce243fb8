"""AwsCloud: a region of AWS with the account of the user's credentials."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hivemind.aws.clients import CallCounter, credentials_end, make_client
from hivemind.aws.endpoints import Endpoints
from hivemind.aws.hostkeys import HostKeys
from hivemind.values.artifact import Platform, machine_of
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.cloud import NoWayYet, WebAddress
from hivemind.values.poller import poller

PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        "debian-12": Platform("debian-12", "x86_64", (2, 36), (("3.11", "/usr/bin/python3"),), None),
        "debian-13": Platform("debian-13", "x86_64", (2, 41), (("3.13", "/usr/bin/python3"),), None),
        "amazon-linux-2023": Platform("amazon-linux-2023", "x86_64", (2, 34), (("3.9", "/usr/bin/python3"),), None),
        "ubuntu-24.04": Platform("ubuntu-24.04", "x86_64", (2, 39), (("3.12", "/usr/bin/python3"),), None),
    }
)
"""What the stock images of each system have before anything is installed."""


DOWNLOAD_SECONDS = 1800
"""How long an instance may take to begin to fetch an archive."""


def stock_platform(os: str, size: str) -> Platform:
    """The platform of a system's stock image on instances of a size. Raises KeyError for an unknown system."""
    return replace(PLATFORMS[os], machine=machine_of(size))


class AwsCloud:
    """AWS as everything above sees it (`hivemind.values.cloud.Cloud`).

    region: `eu-west-1`. state: folder of the deployment states. profile: of the AWS configuration, None
    for the usual chain of credentials. Making one calls nothing.
    """

    def __init__(self, region: str, state: Path, *, profile: str | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._region = region
        self._state = state
        self._profile = profile
        self._counter = CallCounter()
        self._clients: dict[str, Any] = {}
        self._said: Mapping[str, Any] | None = None
        self._lock = threading.RLock()
        self._clock = clock
        self._host_keys = HostKeys(self, clock)
        self._endpoints = Endpoints(self, profile=profile)

    @property
    def name(self) -> str:
        return "aws"

    @property
    def region(self) -> str:
        return self._region

    @property
    def account(self) -> str:
        """Asked of STS once. Raises CloudUnreachable without usable credentials."""
        return str(self._caller["Account"])

    @property
    def identity(self) -> str:
        """The ARN of the user or role whose credentials are used. Raises CloudUnreachable as `account`."""
        return str(self._caller["Arn"])

    @property
    def _caller(self) -> Mapping[str, Any]:
        with self._lock:
            if self._said is None:
                self._said = self.client("sts").get_caller_identity()
            return self._said

    @property
    def credentials_end(self) -> datetime | None:
        """As Cloud has it. Raises CloudUnreachable for a profile that can't be used."""
        return credentials_end(self._profile)

    @property
    def endpoint(self) -> str | None:
        return None

    @property
    def state(self) -> Path:
        return self._state

    @property
    def pace(self) -> float:
        return 1.0

    @property
    def shares_ports(self) -> bool:
        return False

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = make_client(
                    service, region=self._region, counter=self._counter, profile=self._profile
                )
            return self._clients[service]

    def dial(self, instance_id: str, port: int, *, timeout: float) -> socket.socket:
        """A connection through the EC2 Instance Connect Endpoint of the instance's network, else to its public address.

        Raises NoWayYet where it has neither, as while the stack is being made; CloudCallFailed where AWS refuses;
        OSError where nothing answers.
        """
        instance = self._instance(instance_id)
        public, private = instance.get("PublicIpAddress"), instance.get("PrivateIpAddress")
        try:
            endpoint = self._endpoints.leading_to(instance)
            if endpoint is not None and private:
                return self._endpoints.connect(endpoint, private, port, timeout=timeout)
        except CloudCallFailed:  # the permission for tunnels is missing, or for looking for endpoints
            if not public:
                raise
        if not public:
            raise NoWayYet(
                "it has no public address, and no EC2 Instance Connect Endpoint leads to it (yet)",
                "`network.ssh_endpoint: own` makes one with the next apply. docs/template.md has the ways in.",
            )
        connection = socket.create_connection((public, port), timeout=timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def admit(self, instance_id: str, user: str, public_key: str) -> bool:
        """By EC2 Instance Connect, which Amazon Linux and Ubuntu listen to, and Debian does not."""
        given = {"InstanceId": instance_id, "InstanceOSUser": user, "SSHPublicKey": public_key}
        try:
            return bool(self.client("ec2-instance-connect").send_ssh_public_key(**given)["Success"])
        except CloudCallFailed:
            return False

    def host_key(self, instance_id: str) -> str | None:
        """As Cloud has it. Raises CloudCallFailed where AWS refuses every source."""
        return self._host_keys.of(instance_id)

    def download_url(self, bucket: str, key: str) -> str | None:
        """A presigned address in the bucket's own region, which the VPC's gateway endpoint for S3 carries."""
        asked = {"Bucket": bucket, "Key": key}
        return str(self.client("s3").generate_presigned_url("get_object", Params=asked, ExpiresIn=DOWNLOAD_SECONDS))

    def api_access(self, stack: str, role: str) -> Mapping[str, str]:
        """Nothing: SDKs ask the instance metadata service for the role's credentials."""
        del stack, role
        return MappingProxyType({})

    def web_address(self, dns_name: str, port: int, *, tls: bool = False) -> WebAddress:
        usual = 443 if tls else 80
        host = dns_name if port == usual else f"{dns_name}:{port}"
        return WebAddress(f"{'https' if tls else 'http'}://{host}", (dns_name, port), host)

    def platform(self, os: str, size: str) -> Platform:
        return stock_platform(os, size)

    def calls(self) -> Mapping[str, int]:
        return MappingProxyType(self._counter.counts())

    def _instance(self, instance_id: str) -> Mapping[str, Any]:
        """One call for all instances that somebody waits for just now."""
        found = poller(self, self._clock).together("instances", instance_id, self._instances)
        if found is None:
            raise CloudCallFailed("InvalidInstanceID.NotFound", "DescribeInstances", f"{instance_id} does not exist")
        return found

    def _instances(self, ids: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        # By a filter: an id that does not exist is no error then, which would be one of all others.
        asked = {"Filters": [{"Name": "instance-id", "Values": list(ids)}]}
        pages = [self.client("ec2").describe_instances(**asked)]
        while pages[-1].get("NextToken"):
            pages.append(self.client("ec2").describe_instances(**asked, NextToken=pages[-1]["NextToken"]))
        every = (one for page in pages for reservation in page["Reservations"] for one in reservation["Instances"])
        return {str(one["InstanceId"]): one for one in every}
