"""EC2 Instance Connect Endpoints of the rehearsal: signed WebSockets that end at sshd of a machine."""

from __future__ import annotations

from dataclasses import dataclass

from gaps.templates import Endpoint
from moto.ec2.models import ec2_backends
from tunnel_servers import TunnelServer

ACCOUNT = "123456789012"


@dataclass
class Tunnels(TunnelServer):
    """One server for all endpoints. Each reaches the instances of its own VPC, and no others."""

    def knows(self, endpoint: str) -> bool:
        return endpoint in Endpoint.all

    def target(self, given: dict[str, str]) -> tuple[str, int]:
        private, vpc = given["privateIpAddress"], Endpoint.all[given["instanceConnectEndpointId"]].subnet.vpc_id
        for instance in ec2_backends[ACCOUNT][self.region].all_instances():
            if instance.nics and instance.private_ip == private and instance.vpc_id == vpc:
                return private, int(given["remotePort"])
        raise KeyError(private)
