from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from hivemind import ExitCode, StageError
from hivemind.checks.kinds import HttpCheck
from hivemind.checks.run import OwnedCheck, owned, run_checks, unasked
from hivemind.checks.verifying import refuse_bad
from hivemind.plugins.calling import PluginError, PluginSource
from hivemind.releases.release import CheckFailed, CheckResult, CheckStatus, Probe, Verdict
from hivemind.testing import FakeProbe, ManualClock, page

pytestmark = pytest.mark.fast
QA = PluginSource("qa", "builtin", "hivemind.agents.qa")
METRICS = PluginSource("metrics", "entry point", "metrics_plugin", "hivemind-metrics", "2.0")


@dataclass
class Scripted:
    """A check that does one thing after another; the last one again and again."""

    name: str
    script: list[Callable[[], str]]
    runs: int = field(default=0)

    def run(self, probe: Probe) -> str:
        self.runs += 1
        return self.script[min(self.runs, len(self.script)) - 1]()


def fails(error: Exception) -> Callable[[], str]:
    def act() -> str:
        raise error

    return act


def test_an_answer_on_the_third_attempt_is_good() -> None:
    check = Scripted("late", [fails(CheckFailed("status 503")), fails(OSError("refused")), lambda: "200"])
    clock = ManualClock()
    verdict = run_checks([OwnedCheck(check, QA)], FakeProbe(), clock=clock)
    assert verdict.good
    assert verdict.results == (CheckResult("late", CheckStatus.PASSED, "200", 0.0, 3, "qa"),)
    assert clock.slept == [1.0, 2.0]


def test_attempts_are_bounded_and_all_outcomes_collected() -> None:
    bad = Scripted("bad", [fails(CheckFailed("status 500"))])
    silent = Scripted("silent", [fails(ConnectionRefusedError(111, "refused"))])
    good = Scripted("good", [lambda: ""])
    seen: list[str] = []
    verdict = run_checks(
        [OwnedCheck(check, QA) for check in (bad, silent, good)],
        FakeProbe(),
        attempts=2,
        clock=ManualClock(),
        on_result=lambda result: seen.append(result.name),
    )
    assert not verdict.good
    assert verdict.word == "bad"
    assert [(result.status, result.attempts) for result in verdict.results] == [
        (CheckStatus.FAILED, 2),
        (CheckStatus.FAILED, 2),
        (CheckStatus.PASSED, 1),
    ]
    assert "no response" in verdict.results[1].message
    assert verdict.results[2].message == "good"
    assert seen == ["bad", "silent", "good"]


def test_a_plugins_defect_is_a_failed_check_that_names_it() -> None:
    check = Scripted("metrics", [fails(KeyError("cpu"))])
    verdict = run_checks([OwnedCheck(check, METRICS)], FakeProbe(), clock=ManualClock())
    (result,) = verdict.results
    raising = fails.__code__.co_firstlineno + 2
    assert result.message == (
        f"plugin \"metrics\" (hivemind-metrics 2.0) in hivemind_checks: KeyError: 'cpu' (test_run.py:{raising})"
    )
    assert (result.status, result.attempts, result.plugin) == (CheckStatus.FAILED, 1, "metrics")


def test_a_check_that_hangs_fails_at_the_deadline_and_names_its_plugin() -> None:
    release = threading.Event()
    hangs = Scripted("hangs", [lambda: str(release.wait(60))])
    verdict = run_checks([OwnedCheck(hangs, METRICS)], FakeProbe(), deadline=0.05)
    release.set()
    (result,) = verdict.results
    assert result.status is CheckStatus.FAILED
    assert 'plugin "metrics" (hivemind-metrics 2.0)' in result.message
    assert "it did not return within 0.0" in result.message


def test_what_a_check_prints_is_no_output_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    def prints() -> str:
        print("looking")
        return "good"

    run_checks([OwnedCheck(Scripted("loud", [prints]), METRICS)], FakeProbe(), clock=ManualClock())
    assert capsys.readouterr() == ("", "looking\n")


def test_a_plugin_that_cannot_say_what_to_check_is_a_failed_check() -> None:
    (result,) = unasked([PluginError(METRICS, "KeyError: 'a' (metrics.py:3)", hook="hivemind_checks")])
    assert (result.status, result.plugin) == (CheckStatus.FAILED, "metrics")
    assert result.message.startswith('plugin "metrics" (hivemind-metrics 2.0) in hivemind_checks: KeyError')


def test_a_verdict_without_a_result_is_not_good() -> None:
    skipped = CheckResult("one", CheckStatus.SKIPPED, "not enough time left")
    assert not Verdict(()).good
    assert not Verdict((skipped,)).good
    assert Verdict((skipped, CheckResult("two", CheckStatus.PASSED, "200"))).good
    with pytest.raises(StageError, match="no check ran") as refused:
        refuse_bad(Verdict(()))
    assert refused.value.exit_code is ExitCode.VERIFY


def test_what_there_was_no_time_for_is_not_good() -> None:
    clock = ManualClock()

    def slow() -> str:
        clock.advance(100)
        return "late"

    checks = [OwnedCheck(Scripted("slow", [slow]), QA), OwnedCheck(Scripted("next", [lambda: "good"]), QA)]
    verdict = run_checks(checks, FakeProbe(), deadline=60, clock=clock)
    assert [result.status for result in verdict.results] == [
        CheckStatus.PASSED,
        CheckStatus.SKIPPED,
        CheckStatus.FAILED,
    ]
    assert verdict.results[-1].message == "1 of 2 checks did not run within 60 s"
    assert not verdict.good


def test_messages_are_redacted() -> None:
    check = Scripted("leak", [fails(CheckFailed("could not log in to postgresql://u:topsecret@h/d"))])
    verdict = run_checks([OwnedCheck(check, QA)], FakeProbe(), attempts=1, clock=ManualClock())
    assert "topsecret" not in verdict.results[0].message


def test_order_does_not_depend_on_the_plugins_order() -> None:
    a, b, c = HttpCheck("web", "/a"), HttpCheck("web", "/b"), HttpCheck("web", "/c")
    first = owned([(METRICS, (b, a)), (QA, (c,))])
    assert first == owned([(QA, (c,)), (METRICS, (a, b))])
    assert [one.check.name for one in first] == ["http web /a", "http web /b", "http web /c"]
    verdict = run_checks(first, FakeProbe(pages={("web", path): page() for path in ("/a", "/b", "/c")}))
    assert verdict.good
