"""What plugins know of failures explains those that HiveMind does not know."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hivemind import Signature, Speaker, hook
from hivemind.flow.diagnosing import OWN, diagnosed, explain, signatures_of
from hivemind.testing import plugins_of
from hivemind.values.errors import HiveMindError, Stage, StageError

pytestmark = pytest.mark.fast
LICENCE = Signature(
    "acme.licence",
    r"LicenceError: (\w+)",
    Speaker.APPLICATION,
    "licence_expired",
    "Renew {1} for {service}.",
    overrides=("application.python_module",),
)
LIMIT = Signature("acme.limit", "vcpu limit of acme", Speaker.CLOUD, "resource_limit", "Ask Ann for more.")
LINKER = Signature("acme.linker", "ld: no acme", Speaker.BUILD, "missing_program", "apt install acme-dev")


@hook
def hivemind_diagnose() -> tuple[Signature, ...]:
    return (LICENCE, LIMIT, LINKER)


ACME = SimpleNamespace(__name__="acme", hivemind_diagnose=hivemind_diagnose)


def error(stage: Stage, *lines: str, hint: str | None = "as usual") -> StageError:
    return StageError(stage, "it failed", subject="web", lines=lines, hint=hint)


@pytest.mark.parametrize(
    ("raised", "cause", "hint"),
    [
        (error(Stage.DEPLOY, "ready", "LicenceError: ACME"), "licence_expired", "Renew ACME for web."),
        (error(Stage.REGISTER, "LicenceError: ACME"), "licence_expired", "Renew ACME for web."),
        (
            error(Stage.DEPLOY, "ModuleNotFoundError: No module named 'LicenceError: ACME"),
            "licence_expired",
            "Renew ACME for web.",
        ),
        (error(Stage.PROVISION, "vCPU limit of ACME"), "unknown", "as usual"),
        (error(Stage.PROVISION, "the vcpu limit of acme: 4"), "resource_limit", "Ask Ann for more."),
        (error(Stage.PROVISION, "Rate exceeded", "Db: the vcpu limit of acme"), "throttled", "as usual"),
        (error(Stage.BUILD, "ld: no acme"), "missing_program", "apt install acme-dev\nas usual"),
        (error(Stage.VERIFY, "LicenceError: ACME"), "unknown", "as usual"),
        (error(Stage.DEPLOY, "LicenceError: ACME", "KeyError: 'TOKEN_KEY'"), "unknown", "as usual"),
    ],
)
def test_a_failure_is_explained_by_the_signature_that_tells_best(raised: StageError, cause: str, hint: str) -> None:
    known, failures = signatures_of(plugins_of(acme=ACME))
    assert failures == ()
    explain(raised, known)
    diagnosis = diagnosed(raised, known, subject="web", path="services.web")
    assert (diagnosis.root_cause, raised.hint, diagnosis.remediation) == (cause, hint, hint)
    assert diagnosis.quotes == raised.lines


def test_a_plugin_that_fails_hides_no_failure() -> None:
    @hook
    def hivemind_diagnose() -> tuple[Signature, ...]:
        return (Signature("broken", "(", Speaker.CLOUD),)

    broken = SimpleNamespace(__name__="broken", hivemind_diagnose=hivemind_diagnose)
    known, failures = signatures_of(plugins_of(acme=ACME, broken=broken))
    (failure,) = failures
    assert "signature broken: '(' is not a regular expression" in failure.message
    assert failure.hook == "hivemind_diagnose"
    raised = error(Stage.DEPLOY, "LicenceError: ACME")
    explain(raised, known)
    assert raised.hint == "Renew ACME for web."


def test_without_plugins_the_cloud_is_still_understood() -> None:
    assert diagnosed(error(Stage.PROVISION, "Rate exceeded"), OWN, subject="Db").root_cause == "throttled"
    assert diagnosed(HiveMindError("the call timed out"), OWN, subject="apply").root_cause == "network_timeout"
    assert diagnosed(KeyboardInterrupt(), OWN, subject="apply").root_cause == "interrupted"


def test_every_agent_that_acts_says_what_it_knows() -> None:
    known, _ = signatures_of(plugins_of())
    assert {one.speaker for one in known.signatures} == set(Speaker)
    assert known.added == frozenset()
