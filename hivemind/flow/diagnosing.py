"""What a failed run died of, by the signatures that plugins know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.deploy.diagnosis import Diagnosis, diagnose
from hivemind.deploy.stack_causes import SIGNATURES
from hivemind.values.errors import HiveMindError, Stage, StageError
from hivemind.values.signatures import Signature, SignatureMatch, Speaker, match

if TYPE_CHECKING:
    from hivemind.plugins.calling import PluginError
    from hivemind.plugins.loading import Plugins

_SPEAKERS: Mapping[Stage, Speaker] = MappingProxyType(
    {
        Stage.BUILD: Speaker.BUILD,
        Stage.PROVISION: Speaker.CLOUD,
        Stage.DEPLOY: Speaker.APPLICATION,
        Stage.REGISTER: Speaker.APPLICATION,
    }
)
"""Whose words the lines of a stage's error are."""


@dataclass(frozen=True)
class Known:
    """Signatures of all plugins; added: those that do not come with HiveMind, of which its own parts know nothing."""

    signatures: tuple[Signature, ...]
    added: frozenset[Signature]


OWN = Known(SIGNATURES, frozenset())
"""What HiveMind knows of the cloud by itself, where no plugin is asked: a person has interrupted the run."""


def signatures_of(plugins: Plugins) -> tuple[Known, tuple[PluginError, ...]]:
    """What plugins know of failures, and those that failed to say it: no reason to hide the failure itself."""
    contributions, failures = plugins.gather("hivemind_diagnose")
    pairs = [(one.source.kind, signature) for one in contributions for signature in one.result]
    added = frozenset(signature for kind, signature in pairs if kind != "builtin")
    return Known(tuple(signature for _, signature in pairs), added), failures


def diagnosed(error: BaseException, known: Known, *, subject: str, path: str | None = None) -> Diagnosis:
    """A run's error as a Diagnosis: by the cloud's own words where it was the cloud that refused; else by ours, with
    the application's lines. subject: what failed first. path: the blueprint part that it comes from."""
    if isinstance(error, KeyboardInterrupt):
        return Diagnosis("interrupted", "interrupted", "`hivemind apply` continues where it stopped.", subject=subject)
    words = words_of(error)
    if not isinstance(error, StageError) or not error.lines:
        return diagnose(subject, words, path=path, signatures=known.signatures)
    said = error.lines[0] if error.stage is Stage.PROVISION else words
    diagnosis = diagnose(subject, said, path=path, signatures=known.signatures)
    found = added_match(error, known)
    return replace(
        diagnosis,
        root_cause=found.signature.cause if found else diagnosis.root_cause,
        quotes=error.lines,
        remediation=error.hint or diagnosis.remediation,
    )


def explain(error: BaseException, known: Known) -> None:
    """Gives an error the hint of the signature that tells best what its lines mean, where a plugin has added that one.

    HiveMind's own signatures were looked for where the error was made. A build's hint goes on to say where its log is.
    """
    if isinstance(error, StageError) and (found := added_match(error, known)):
        remedy = found.remedy(error.subject or "")
        if remedy:
            error.hint = f"{remedy}\n{error.hint}" if error.hint and error.stage is Stage.BUILD else remedy


def added_match(error: StageError, known: Known) -> SignatureMatch | None:
    """What an added signature finds in an error's lines; None where one of HiveMind's tells more, or none does."""
    speaker = _SPEAKERS.get(error.stage)
    if speaker is None or not known.added:
        return None
    lines = error.lines[:1] if speaker is Speaker.CLOUD else error.lines
    found = match(known.signatures, lines, speaker, error.stage)
    return found if found and found.signature in known.added else None


def words_of(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, HiveMindError):
        return error.message
    return str(error) or ("interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__)
