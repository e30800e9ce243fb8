"""Safety that a template gives up: encryption, private databases, instance metadata, our tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.agents.provisioner.constants import constant, entries, inside, switch
from hivemind.template.fragment import Assembly
from hivemind.template.resource_types import INSTANCE, resource_type
from hivemind.template.tags import OUR_TAGS, read_tags
from hivemind.values.findings import Finding, Severity

TEMPLATE_OF_INSTANCES = "AWS::EC2::LaunchTemplate"
DATABASES = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})

ENCRYPTION: Mapping[str, str] = {
    "AWS::EC2::Volume": "Encrypted",
    "AWS::EFS::FileSystem": "Encrypted",
    "AWS::ElastiCache::ReplicationGroup": "AtRestEncryptionEnabled",
    "AWS::RDS::DBCluster": "StorageEncrypted",
    "AWS::RDS::DBInstance": "StorageEncrypted",
}
"""Type -> property that encrypts what it stores. It is off unless said."""

INHERITS_ENCRYPTION = (
    "DBClusterIdentifier",
    "DBSnapshotIdentifier",
    "SnapshotIdentifier",
    "SnapshotId",
    "SourceDBClusterIdentifier",
    "SourceDBInstanceIdentifier",
)
"""With one of these, what is encrypted and what is not comes from there."""

BUCKET_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
"""AWS turns them all on for a new bucket that does not mention them."""


@dataclass(frozen=True)
class _Remark:
    """place: below `Properties`."""

    id: str
    place: tuple[str, ...]
    message: str
    hint: str


def less_protected(assembly: Assembly) -> Iterator[Finding]:
    """Warnings on what the template, overrides included, protects less than HiveMind's own would."""
    for name, resource in sorted(assembly.resources.items()):
        properties = resource.get("Properties")
        if not isinstance(properties, Mapping):
            continue
        kind = str(resource["Type"])
        for remarks in (_unencrypted, _public, _open_metadata, _untagged):
            for one in remarks(assembly, name, kind, properties):
                owner = assembly.responsible("Resources", name, "Properties", *one.place, below=True)
                yield Finding(one.id, Severity.WARNING, one.message, None, one.hint, owner.plugin, owner.path)


def _unencrypted(assembly: Assembly, name: str, kind: str, properties: Mapping[str, Any]) -> Iterator[_Remark]:
    switched = ENCRYPTION.get(kind)
    inherits = any(key in properties for key in INHERITS_ENCRYPTION)
    if switched and not inherits and _off(assembly, properties.get(switched)):
        message = f"{name} ({kind}) stores its data unencrypted"
        hint = f"Set `{switched}: true` now: turning it on later means creating the data again."
        yield _Remark("H437", (switched,), message, hint)
    for place, volume in _volumes(kind, properties):
        if "SnapshotId" not in volume and _off(assembly, volume.get("Encrypted")):
            message = f"a volume of {name} ({kind}) is unencrypted"
            yield _Remark("H437", (*place, "Encrypted"), message, "Set `Encrypted: true` in its `Ebs`.")


def _off(assembly: Assembly, value: Any) -> bool:
    """Whether a switch is off: not said, or said to be; what only the deployment will show counts as on."""
    return value is None or switch(assembly, value) is False


def _volumes(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Volumes of instances. One without any mapping has the image's root volume, unencrypted."""
    at = {INSTANCE: (), TEMPLATE_OF_INSTANCES: ("LaunchTemplateData",)}.get(kind)
    if at is None:
        return
    mappings = inside(properties, *at, "BlockDeviceMappings")
    if kind == INSTANCE and not mappings and "LaunchTemplate" not in properties:
        yield ("BlockDeviceMappings",), {}
    for place, mapping in entries(mappings, *at, "BlockDeviceMappings"):
        if isinstance(mapping.get("Ebs"), Mapping):
            yield (*place, "Ebs"), mapping["Ebs"]


def _public(assembly: Assembly, name: str, kind: str, properties: Mapping[str, Any]) -> Iterator[_Remark]:
    if kind in DATABASES and switch(assembly, properties.get("PubliclyAccessible")) is True:
        message = f"{name} ({kind}) has a public address, which everyone on the internet can try"
        hint = "Leave `PubliclyAccessible` false. People reach the database through an instance."
        yield _Remark("H438", ("PubliclyAccessible",), message, hint)
    if kind == "AWS::S3::Bucket":
        blocks = properties.get("PublicAccessBlockConfiguration")
        open_blocks = [key for key in BUCKET_BLOCKS if switch(assembly, inside(blocks, key)) is False]
        if open_blocks:
            message = f"{name} ({kind}) can become public: {', '.join(open_blocks)} off"
            place = ("PublicAccessBlockConfiguration", open_blocks[0])
            yield _Remark("H438", place, message, "Leave these blocks on, and serve files through a service.")


def _open_metadata(assembly: Assembly, name: str, kind: str, properties: Mapping[str, Any]) -> Iterator[_Remark]:
    at = {INSTANCE: (), TEMPLATE_OF_INSTANCES: ("LaunchTemplateData",)}.get(kind)
    if at is None or (kind == INSTANCE and "LaunchTemplate" in properties):
        return
    options = inside(properties, *at, "MetadataOptions")
    if constant(assembly, inside(options, "HttpEndpoint")) == "disabled":
        return
    tokens = constant(assembly, inside(options, "HttpTokens"))
    if tokens is None or tokens == "optional":
        message = f"{name} ({kind}) answers metadata requests without a token (IMDSv1): anyone who tricks the "
        message += "application into a request can read its role's credentials"
        place = (*at, "MetadataOptions", "HttpTokens")
        yield _Remark("H439", place, message, "Set `HttpTokens: required`.")


def _untagged(assembly: Assembly, name: str, kind: str, properties: Mapping[str, Any]) -> Iterator[_Remark]:
    facts = resource_type(kind)
    # What an override adds as a whole was never tagged by us.
    if facts is None or facts.tags is None or assembly.owners[name].path == "overrides":
        return
    tags = read_tags(properties.get(facts.tags.property), facts.tags)
    missing = [tag for tag in OUR_TAGS if tags is not None and tag not in tags]
    if missing:
        message = f"{name} ({kind}) lacks the tag{'s' if len(missing) > 1 else ''} {', '.join(missing)}, which "
        message += "name its deployment"
        hint = "Keep HiveMind's tags. An override with `op: add` on `.../Tags/-` adds one beside them."
        yield _Remark("H443", (facts.tags.property,), message, hint)
