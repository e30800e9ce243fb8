"""H478, H479: whether the hosted zone is public and of the names' domain, and whether the names are free in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hivemind.aws.hosted_zones import NoZone, public_zones, zone_of
from hivemind.aws.preflight.subject import Subject
from hivemind.template.hosted_zones import is_id, is_within, zone_id, zone_parameter
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity

RECORD = "AWS::Route53::RecordSet"
CERTIFICATE = "AWS::CertificateManager::Certificate"
ALIAS_TYPES = frozenset({"A", "CNAME"})
"""Types of records beside which a name can have no alias record of type A (Amazon Route 53 Developer Guide, "Choosing
between alias and non-alias records")."""


def zones(subject: Subject) -> Iterator[Finding]:
    """Errors where records or the certificate are to be made in a zone that is not there, is private or of another
    domain, and where somebody else has a record of a name."""
    said = subject.blueprint.zone
    if said is None:
        return
    made = [(name, one) for name, one in subject.made(RECORD) if one.get("HostedZoneId") == zone_id(said)]
    records = {str(one["Name"]): name for name, one in made}
    if not (records or any(subject.made(CERTIFICATE))):
        return
    client = subject.cloud.client("route53")
    try:
        zone = said if is_id(said) else subject.snapshot.parameters.get(zone_parameter(said)) or zone_of(client, said)
    except NoZone as error:
        yield _wrong(str(error), error.hint)
        return
    try:
        found = client.get_hosted_zone(Id=zone)["HostedZone"]
    except CloudCallFailed as error:
        if error.code not in {"NoSuchHostedZone", "InvalidInput"}:
            raise
        yield _wrong(f"this account has no hosted zone {zone}", _fitting(client, subject.blueprint.domain))
        return
    domain = str(found["Name"]).rstrip(".")
    if (found.get("Config") or {}).get("PrivateZone"):
        message = f"the hosted zone {zone} ({domain}) is private: nobody could validate a certificate in it"
        yield _wrong(message, _fitting(client, subject.blueprint.domain))
        return
    outside = [name for name in subject.blueprint.domain if not is_within(name, domain)]
    if outside:
        message = f"{', '.join(outside)} is not in the hosted zone {zone}, which is for {domain}"
        yield _wrong(message, _fitting(client, outside))
    for name in sorted(records.keys() - set(outside)):
        if taken := _record(client, zone, name):
            message = f"the hosted zone {zone} has a record {name} of type {taken} that this deployment did not make"
            hint = "Delete the record if nothing uses it any more, or choose another name."
            yield subject.finding("H479", Severity.ERROR, message, hint, records[name])


def _fitting(client: Any, names: tuple[str, ...] | list[str]) -> str:
    """What to write: the public zone of this account that all names are in, the longest where there are several."""
    public = dict(public_zones(client))
    fitting = [domain for domain in public if all(is_within(name, domain) for name in names)]
    if not fitting:
        return f"No public zone of this account has {', '.join(names)}. `aws route53 list-hosted-zones` has all."
    best = max(fitting, key=len)
    return f"Write `zone: {public[best]}`, the zone of {best}."


def _record(client: Any, zone: str, name: str) -> str | None:
    """The type of the record that stands in the way of an alias; None where there is none."""
    answer = client.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name, MaxItems="10")
    for record in answer["ResourceRecordSets"]:
        # Route 53 writes an asterisk as \\052 (Developer Guide, "Domain name format").
        found = str(record["Name"]).rstrip(".").replace("\\052", "*")
        if found == name and record["Type"] in ALIAS_TYPES:
            return str(record["Type"])
    return None


def _wrong(message: str, hint: str) -> Finding:
    return Finding("H478", Severity.ERROR, message, hint=hint, path="zone")
