"""Jobs as a blueprint says them: schedules, and the service that they run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.blueprint.model import Blueprint, Job
from hivemind.blueprint.schedules import wrong_with
from hivemind.blueprint.source import from_text
from hivemind.blueprint.validate import validate
from hivemind.values.findings import Finding, Severity

Remarks = Callable[[str], list[Finding]]

pytestmark = pytest.mark.fast

HEAD = "hivemind: 1\nname: shop\nservices:\n"
JOB = 'kind: job, schedule: "0 3 * * *", start: python cleanup.py'


def blueprint(text: str, environment: str = "production") -> Blueprint:
    return validate(from_text(text, Path("hivemind.yaml")), {}, environment=environment)[0]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("0 0 3 * * *", "6 fields instead of 5", "Did you mean `0 3 * * *`?"),
        ("0 0 12 * * ?", "6 fields instead of 5", "Did you mean `0 12 * * *`?"),
        ("0 3 * * ? *", "6 fields instead of 5", "Did you mean `0 3 * * *`?"),
        ("0 3 * * * 2027", "6 fields instead of 5", "Did you mean `0 3 * * *`?"),
        ("cron(0 3 ? * 2-6 *)", "6 fields", "Did you mean `0 3 * * 1-5`?"),
        ("rate(5 minutes)", "2 fields", "Did you mean `*/5 * * * *`?"),
        ("@dayly", "1 field", "Did you mean @daily?"),
        ("@reboot", "1 field", "kind: worker"),
        ("60 3 * * *", "minute 60 is not between 0 and 59", "From 0 to 59"),
        ("0 3 * * mom", '"mom" is not a day of the week', "Did you mean mon?"),
        ("0 3 * * fri-mon", "fri-mon goes backwards", "`fri-sat,sun-mon`"),
        ("0 22-6 * * *", "22-6 goes backwards", "`22-23,0-6`"),
        ("*/0 * * * *", "a step of 0", "From 0 to 59"),
        ("0 3 L * *", '"L" is not a day of the month', "look at the date"),
        ("0 3 30 2 *", "that day never comes", "0 3 * * *"),
        ("", "0 fields", "0 3 * * *"),
        ("every night at three", "4 fields", "0 3 * * *"),
    ],
)
def test_what_is_no_schedule_is_told_with_the_nearest_one(text: str, message: str, hint: str) -> None:
    wrong = wrong_with(text)
    assert wrong is not None
    assert message in wrong.message
    assert hint in wrong.hint


@pytest.mark.parametrize(
    "text", ["0 3 * * *", "@daily", "*/15 8-18/2 1,15 jan-mar,12 MON-fri", "0 3 29 2 *", "5/10 * * * 7"]
)
def test_what_cron_takes_is_taken(text: str) -> None:
    assert wrong_with(text) is None


def test_a_job_runs_on_the_only_service_with_code() -> None:
    made = blueprint(HEAD + f"  web: {{}}\n  pages: {{kind: static, static: public}}\n  cleanup: {{{JOB}}}\n")
    assert set(made.services) == {"web", "pages"}
    assert made.services["web"].jobs == (Job("cleanup", "0 3 * * *", "python cleanup.py"),)
    assert made.jobs == {"cleanup": "web"}


def test_a_job_runs_on_the_service_that_it_names_and_an_environment_may_change_it() -> None:
    text = HEAD + f"  web: {{}}\n  worker: {{kind: worker}}\n  cleanup: {{{JOB}, on: worker, timeouts: {{run: 60}}}}\n"
    text += (
        'environments:\n  staging: {services: {cleanup: {schedule: "@hourly"}}}\n  test: {services: {cleanup: null}}\n'
    )
    assert blueprint(text).services["worker"].jobs == (Job("cleanup", "0 3 * * *", "python cleanup.py", 60),)
    assert blueprint(text, "staging").services["worker"].jobs[0].schedule == "@hourly"
    assert not blueprint(text, "test").jobs


@pytest.mark.parametrize(
    ("services", "code", "place", "hint"),
    [
        ('  web: {}\n  c: {kind: job, schedule: "0 0 3 * * *", start: a}', "H470", (5, 28), "`0 3 * * *`"),
        ("  web: {}\n  c: {kind: job, start: a}", "H471", (5, 3), 'schedule: "0 3 * * *"'),
        ('  web: {}\n  c: {kind: job, schedule: "@daily"}', "H471", (5, 3), "start: COMMAND"),
        (f"  web: {{}}\n  c: {{{JOB}, port: 80}}", "H472", (5, 67), "Remove it"),
        (f"  web: {{}}\n  c: {{{JOB}, timeouts: {{start: 9}}}}", "H472", (5, 78), "timeouts"),
        ('  web: {schedule: "@daily"}', "H472", (4, 9), "Add `kind: job`"),
        ("  w: {kind: worker, timeouts: {run: 9}}", "H472", (4, 32), "Write `kind: job`"),
        (f"  c: {{{JOB}}}", "H473", (4, 3), "Add a service"),
        (f"  a: {{instances: {{min: 1, max: 2}}}}\n  b: {{}}\n  c: {{{JOB}, on: a}}", "H473", (6, 71), "Services: b."),
        (f"  a: {{}}\n  b: {{kind: worker}}\n  c: {{{JOB}}}", "H473", (6, 3), "Add `on: a`. Services: a, b."),
        (f"  web: {{}}\n  c: {{{JOB}, on: wbe}}", "H473", (5, 71), "Did you mean web?"),
        (f"  web: {{}}\n  c: {{{JOB}}}\n  d: {{{JOB}, on: c}}", "H473", (6, 71), "Services: web."),
    ],
)
def test_a_mistake_has_its_place(remarks: Remarks, services: str, code: str, place: tuple[int, int], hint: str) -> None:
    (finding,) = remarks(HEAD + services)
    assert (finding.id, (finding.place.line, finding.place.column)) == (code, place)
    assert hint in (finding.hint or "")


def test_a_check_asks_no_job_for_a_page(remarks: Remarks) -> None:
    (finding,) = remarks(HEAD + f"  web: {{}}\n  c: {{{JOB}}}\nchecks: [{{http: /, service: c}}]")
    assert (finding.id, finding.message) == ("H123", '"c" is a job, which does not listen')


@pytest.mark.parametrize(("schedule", "warned"), [("0 3 * * *", True), ("0 8 * * *", False), ("0 8 * * sun", True)])
def test_a_job_that_is_due_only_while_instances_rest_is_a_warning(
    remarks: Remarks, schedule: str, warned: bool
) -> None:
    text = HEAD + f'  web: {{}}\n  c: {{kind: job, schedule: "{schedule}", start: a}}\n'
    text += "environments:\n  dev: {stage: stage-1, hours: mon-fri 07:00-20:00}\n"
    found = [(one.id, one.severity) for one in remarks(text)]
    assert found == ([("H474", Severity.WARNING)] if warned else [])
