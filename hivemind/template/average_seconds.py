"""How long AWS takes to create resources, on average."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AVERAGE_SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "AWS::RDS::DBInstance": 600.0,
        "AWS::ElastiCache::ReplicationGroup": 360.0,
        "AWS::CertificateManager::Certificate": 240.0,
        "AWS::IAM::InstanceProfile": 126.0,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": 116.0,
        "AWS::EC2::NatGateway": 106.0,
        "AWS::EC2::InstanceConnectEndpoint": 90.0,
        "AWS::EC2::Instance": 16.0,
    }
)
"""Type -> seconds, for the slow ones. Source: HiveMind's design of November 2026, as averages of deployments; nothing
of it was measured on AWS by HiveMind itself. What a deployment took before takes their place
(`deploy.journal.usual_resource_seconds`)."""
OTHERS_SECONDS = 5.0
"""Of every other type: CloudFormation creates it and looks once whether it is there."""
