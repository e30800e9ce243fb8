"""Secrets, instance profiles, roles, buckets: what `Ref` gives, and what AWS refuses to delete."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hivemind.local.resource_kind import Kind, Made, Properties, ResourceFailed, failed, is_true
from hivemind.local.resources.site import Site


def identity_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types."""
    own = {
        **own,
        "AWS::IAM::Role": _named(own["AWS::IAM::Role"], "RoleName", 64, lambda name: name),
        "AWS::IAM::InstanceProfile": _named(
            own["AWS::IAM::InstanceProfile"], "InstanceProfileName", 128, lambda arn: arn.rpartition("/")[2]
        ),
        "AWS::S3::Bucket": _named(own["AWS::S3::Bucket"], "BucketName", 63, lambda name: name, str.lower),
    }
    identity = _Identity(site, own)
    return {
        "AWS::SecretsManager::Secret": identity.secret(),
        "AWS::IAM::InstanceProfile": identity.instance_profile(),
        "AWS::IAM::Role": replace(own["AWS::IAM::Role"], delete=identity.delete_role),
        "AWS::S3::Bucket": replace(own["AWS::S3::Bucket"], delete=identity.delete_bucket),
    }


def _named(own: Kind, name: str, longest: int, name_of: Callable[[str], str], form: Callable[[str], str] = str) -> Kind:
    """The kind, with names of each stack's own where the template gives none, as CloudFormation makes them: names in
    IAM and S3 count for all regions, and those of the emulator are the same for stacks of one name.

    name: the property. longest: characters of it. name_of: of a physical id, which an update leaves as it is. form: of
    a name.
    """
    change = own.update
    assert change is not None

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        suffix = f"-{secrets.token_hex(6).upper()}"
        made = f"{stack}-{logical_id}"[: longest - len(suffix)] + suffix
        return own.create(logical_id, {name: form(made), **properties}, stack)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if name not in old and name not in new:
            old, new = ({**given, name: name_of(physical_id)} for given in (old, new))
        return change(physical_id, old, new, stack, logical_id)

    return replace(own, create=create, update=update)


def generate(rules: Properties) -> str:
    """A secret value by `GenerateSecretString` (CloudFormation reference of that property).

    Raises ResourceFailed when the rules leave no characters.
    """
    excluded = set(rules.get("ExcludeCharacters") or "")
    classes = [
        ("ExcludeLowercase", string.ascii_lowercase),
        ("ExcludeUppercase", string.ascii_uppercase),
        ("ExcludeNumbers", string.digits),
        ("ExcludePunctuation", string.punctuation),
    ]
    kept = [[c for c in members if c not in excluded] for name, members in classes if not is_true(rules.get(name))]
    kept = [members for members in kept if members]
    length = int(rules.get("PasswordLength") or 32)
    if not kept or length < len(kept):
        raise ResourceFailed("GenerateSecretString leaves no characters to generate a password from")
    everything = [c for members in kept for c in members] + ([" "] if is_true(rules.get("IncludeSpace")) else [])
    chosen = [secrets.choice(members) for members in kept]
    chosen += [secrets.choice(everything) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    value = "".join(chosen)
    template = rules.get("SecretStringTemplate")
    if not template:
        return value
    return json.dumps({**json.loads(template), rules.get("GenerateStringKey", "password"): value})


class _Identity:
    def __init__(self, site: Site, own: dict[str, Kind]) -> None:
        self._emulator, self._own = site.emulator, own

    def secret(self) -> Kind:
        """Ref of a secret is its ARN; the emulator's own physical id is the name."""

        def written(properties: Properties, old: Properties | None = None) -> dict[str, Any]:
            rules = properties.get("GenerateSecretString")
            if not rules or properties.get("SecretString") or (old and old.get("GenerateSecretString") == rules):
                return dict(properties)
            plain = {key: value for key, value in properties.items() if key != "GenerateSecretString"}
            return {**plain, "SecretString": generate(rules)}

        return self._by_other_id(
            "AWS::SecretsManager::Secret",
            lambda _name, attributes: str(attributes["Arn"]),
            lambda arn: (self._emulator.secret(arn) or (arn, None))[0],
            written,
        )

    def instance_profile(self) -> Kind:
        """Ref of an instance profile is its name; the emulator's own physical id is the ARN."""

        def arn_of(name: str) -> str:
            record = self._emulator.instance_profiles.get(name)
            return str(record["Arn"]) if record else name

        def same(properties: Properties, _old: Properties | None = None) -> dict[str, Any]:
            return dict(properties)

        return self._by_other_id(
            "AWS::IAM::InstanceProfile", lambda arn, _attributes: arn.rpartition("/")[2], arn_of, same
        )

    def _by_other_id(
        self,
        name: str,
        outward: Callable[[str, dict[str, Any]], str],
        inward: Callable[[str], str],
        prepare: Callable[..., dict[str, Any]],
    ) -> Kind:
        own = self._own[name]
        change = own.update
        assert change is not None

        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            physical_id, attributes = own.create(logical_id, prepare(properties), stack)
            return outward(physical_id, attributes), attributes

        def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            before = {k: v for k, v in old.items() if k != "GenerateSecretString"}
            after = prepare(new, old)
            after.pop("GenerateSecretString", None)
            made, attributes = change(inward(physical_id), before, after, stack, logical_id)
            return outward(made, attributes), attributes

        return replace(own, create=create, update=update, delete=lambda id_, props: own.delete(inward(id_), props))

    def delete_role(self, physical_id: str, properties: Properties) -> None:
        for profile in self._emulator.instance_profiles.values():
            roles = [r.get("RoleName") if isinstance(r, dict) else r for r in profile.get("Roles", [])]
            if physical_id in roles:
                raise failed("Cannot delete entity, must remove roles from instance profile first.", "Iam", status=409)
        self._own["AWS::IAM::Role"].delete(physical_id, properties)

    def delete_bucket(self, physical_id: str, properties: Properties) -> None:
        record = self._emulator.buckets.get(physical_id) or {}
        if record.get("objects"):
            text = "The bucket you tried to delete is not empty"
            raise failed(text, "S3", status=409, code="GeneralServiceException")
        self._own["AWS::S3::Bucket"].delete(physical_id, properties)
