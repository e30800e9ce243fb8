"""HiveMind's public names: what plugins and scripts may use. Each is imported on first use."""

from __future__ import annotations

from hivemind.values.lazy import on_first_use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Resource, Service, ServiceKind
    from hivemind.builds.foreign import build_with_commands
    from hivemind.builds.place import BuildPlace
    from hivemind.checks.kinds import DatabaseCheck, HttpCheck, PingCheck, TlsCheck
    from hivemind.detections.detection import Detection, Precedence
    from hivemind.hookspecs import hook
    from hivemind.releases.release import (
        Check,
        CheckFailed,
        CheckResult,
        CheckStatus,
        HttpResponse,
        Probe,
        Release,
        ServiceRelease,
        Verdict,
    )
    from hivemind.repositories.repository import Repository
    from hivemind.steps import milestones
    from hivemind.steps.run import Apply, Destroy
    from hivemind.steps.step import Context, Failure, Step
    from hivemind.template import names
    from hivemind.template.fragment import Assembly, Binding, Fragment, Owner
    from hivemind.values.artifact import Artifact, Platform, Provenance
    from hivemind.values.errors import FindingsError, HiveMindError, Stage, StageError
    from hivemind.values.events import Event, EventKind
    from hivemind.values.exits import ExitCode
    from hivemind.values.findings import Finding, Place, Severity
    from hivemind.values.schemaparts import ResourceType, SchemaPart
    from hivemind.values.signatures import Signature, Speaker, Weight
    from hivemind.values.version import __version__

__all__ = [
    "Apply",
    "Artifact",
    "Assembly",
    "Binding",
    "Blueprint",
    "BuildPlace",
    "Check",
    "CheckFailed",
    "CheckResult",
    "CheckStatus",
    "Context",
    "DatabaseCheck",
    "Destroy",
    "Detection",
    "Event",
    "EventKind",
    "ExitCode",
    "Failure",
    "Finding",
    "FindingsError",
    "Fragment",
    "HiveMindError",
    "HttpCheck",
    "HttpResponse",
    "Owner",
    "PingCheck",
    "Place",
    "Platform",
    "Precedence",
    "Probe",
    "Provenance",
    "Release",
    "Repository",
    "Resource",
    "ResourceType",
    "SchemaPart",
    "Service",
    "ServiceKind",
    "ServiceRelease",
    "Severity",
    "Signature",
    "Speaker",
    "Stage",
    "StageError",
    "Step",
    "TlsCheck",
    "Verdict",
    "Weight",
    "__version__",
    "build_with_commands",
    "hook",
    "milestones",
    "names",
]

_HOMES = {
    "builds.foreign": ("build_with_commands",),
    "builds.place": ("BuildPlace",),
    "values.artifact": ("Artifact", "Platform", "Provenance"),
    "blueprint.model": ("Blueprint", "Resource", "Service", "ServiceKind"),
    "checks.kinds": ("DatabaseCheck", "HttpCheck", "PingCheck", "TlsCheck"),
    "detections.detection": ("Detection", "Precedence"),
    "values.errors": ("FindingsError", "HiveMindError", "Stage", "StageError"),
    "values.events": ("Event", "EventKind"),
    "values.exits": ("ExitCode",),
    "values.findings": ("Finding", "Place", "Severity"),
    "hookspecs": ("hook",),
    "releases.release": (
        "Check",
        "CheckFailed",
        "CheckResult",
        "CheckStatus",
        "HttpResponse",
        "Probe",
        "Release",
        "ServiceRelease",
        "Verdict",
    ),
    "repositories.repository": ("Repository",),
    "values.schemaparts": ("ResourceType", "SchemaPart"),
    "steps.step": ("Context", "Failure", "Step"),
    "steps.run": ("Apply", "Destroy"),
    "values.signatures": ("Signature", "Speaker", "Weight"),
    "template.fragment": ("Assembly", "Binding", "Fragment", "Owner"),
    "values.version": ("__version__",),
    "steps": ("milestones",),
    "template": ("names",),
}


__getattr__ = on_first_use(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
