"""The certificate that the stack requests, and the DNS records of its names.

Sources: "AWS::CertificateManager::Certificate" in the AWS CloudFormation Template Reference (with DNS validation and a
hosted zone, CloudFormation adds the records that validate it and waits for the certificate);
"AWS::Route53::RecordSet", AliasTarget.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from hivemind.blueprint.model import Blueprint
from hivemind.template.fragment import Fragment
from hivemind.template.hosted_zones import PARAMETER_TYPE, is_id, zone_id, zone_parameter
from hivemind.template.names import CERTIFICATE, LOAD_BALANCER

RECORD = "DNSRecord"
_DIGITS = 12


def fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    """Certificate and records of a deployment with names in a zone; nothing where no service listens."""
    if not blueprint.domain or blueprint.zone is None or not blueprint.web_services:
        return ()
    zone = zone_id(blueprint.zone)
    records = {record_id(name): _record(name, zone) for name in blueprint.domain}
    requested = {CERTIFICATE: _certificate(blueprint, zone)} if blueprint.requests_certificate else {}
    made = {**requested, **records}
    if is_id(blueprint.zone):
        return (Fragment(path="domain", resources=made),)
    name = zone_parameter(blueprint.zone)
    declared = {name: {"Type": PARAMETER_TYPE, "Description": f"Hosted zone of {blueprint.zone}"}}
    return (Fragment(path="domain", resources=made, parameters=declared, zones={name: blueprint.zone}),)


def certificate_of(blueprint: Blueprint) -> Any:
    """The certificate of the listener: the one that the blueprint names, or a reference to the requested one."""
    return blueprint.certificate or {"Ref": CERTIFICATE}


def record_id(name: str) -> str:
    """The logical id of the record of a name."""
    return RECORD + hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]


def _certificate(blueprint: Blueprint, zone: Any) -> Mapping[str, Any]:
    first, *others = blueprint.domain
    return {
        "Type": "AWS::CertificateManager::Certificate",
        "Properties": {
            "DomainName": first,
            **({"SubjectAlternativeNames": others} if others else {}),
            "ValidationMethod": "DNS",
            "DomainValidationOptions": [{"DomainName": name, "HostedZoneId": zone} for name in blueprint.domain],
        },
    }


def _record(name: str, zone: Any) -> Mapping[str, Any]:
    # No AAAA: the load balancer has IPv4 addresses only.
    return {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {
            "HostedZoneId": zone,
            "Name": name,
            "Type": "A",
            "AliasTarget": {
                "DNSName": {"Fn::GetAtt": [LOAD_BALANCER, "DNSName"]},
                "HostedZoneId": {"Fn::GetAtt": [LOAD_BALANCER, "CanonicalHostedZoneID"]},
                "EvaluateTargetHealth": False,
            },
        },
    }
