"""What an apply to AWS would come to grief over, asked of AWS before anything is made.

Every look only reads. They run side by side, and none has more than DEADLINE: what is refused, or not answered in time,
is a remark and stops nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import MappingProxyType

from hivemind.aws.preflight.certificates import certificates
from hivemind.aws.preflight.credentials import credentials
from hivemind.aws.preflight.databases import caches, databases
from hivemind.aws.preflight.images import images
from hivemind.aws.preflight.names import names
from hivemind.aws.preflight.networks import networks
from hivemind.aws.preflight.permissions import permissions
from hivemind.aws.preflight.quotas import addresses, balancers, nat_gateways, processors, rds, vpcs
from hivemind.aws.preflight.sizes import sizes
from hivemind.aws.preflight.snapshots import snapshots
from hivemind.aws.preflight.states import states
from hivemind.aws.preflight.subject import Look, Subject
from hivemind.aws.preflight.zones import zones
from hivemind.values.errors import HiveMindError
from hivemind.values.findings import Finding, Severity

__all__ = ["DEADLINE", "LOOKS", "LOOKS_EVERYWHERE", "Subject", "look"]

DEADLINE = 10.0
"""Seconds that all looks together may take."""
LOOKS_EVERYWHERE: Mapping[str, Look] = MappingProxyType({"snapshots": snapshots})
"""Those that the local cloud is asked, too."""
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        **LOOKS_EVERYWHERE,
        "the life of the credentials": credentials,
        "permissions": permissions,
        "machine images": images,
        "instance types": sizes,
        "database versions and classes": databases,
        "cache versions": caches,
        "the certificate": certificates,
        "names": names,
        "the hosted zone": zones,
        "networks": networks,
        "the bucket of the state": states,
        "the quota of VPCs": vpcs,
        "the quota of Elastic IP addresses": addresses,
        "the quota of NAT gateways": nat_gateways,
        "the quota of databases": rds,
        "the quota of vCPUs": processors,
        "the quota of load balancers": balancers,
    }
)
"""What is looked at, in words -> the look."""


def look(subject: Subject, looks: Mapping[str, Look] = LOOKS, *, deadline: float = DEADLINE) -> tuple[Finding, ...]:
    """The findings of all looks, in their order; H480 for those that came to nothing."""
    found: dict[str, tuple[Finding, ...]] = {}
    refused: dict[str, str] = {}

    def run(what: str, one: Look) -> None:
        try:
            found[what] = tuple(one(subject))
        except HiveMindError as error:
            refused[what] = error.message
        except (LookupError, TypeError, ValueError, AttributeError) as error:  # an answer in another form
            refused[what] = f"{type(error).__name__}: {error}"

    # Daemons: a command does not wait for an answer that never comes.
    threads = [
        threading.Thread(target=run, args=entry, name=f"preflight: {entry[0]}", daemon=True) for entry in looks.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    answered = dict(found)
    unread = {what: refused.get(what, "no answer in time") for what in looks if what not in answered}
    findings = [finding for what in looks for finding in answered.get(what, ())]
    if unread:
        why = "; ".join(f"{what} ({reason})" for what, reason in unread.items())
        findings.append(
            Finding(
                "H480",
                Severity.INFO,
                f"not checked before the apply: {why}",
                hint="`hivemind iam-policy` prints what the credentials need.",
            )
        )
    return tuple(findings)
