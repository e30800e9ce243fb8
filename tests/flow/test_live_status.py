"""The current state of a deployment as the cloud says it, and what is not in order in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from one_account import IDS, SCALED, TEMPLATE, Account

from hivemind.flow.status import InstanceStatus, LiveStatus, live_status, service_of
from hivemind.releases.jobs import JobRun, JobState
from hivemind.releases.release import ProcessState
from hivemind.releases.targets import Target, TargetHealth
from hivemind.template.jobs import job_tags, jobs_in
from hivemind.testing.clock import ManualClock

pytestmark = pytest.mark.fast
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def problems(account: Account) -> list[str]:
    return list(live_status(account, "shop").problems())  # type: ignore[arg-type]


def test_all_is_asked_and_nothing_is_wrong() -> None:
    found = live_status(Account(), "shop")  # type: ignore[arg-type]
    assert found.status == "CREATE_COMPLETE"
    assert {name: [(one.id, one.state, one.web) for one in of] for name, of in found.services.items()} == {
        "web": [("i-1", "running", True)],
        "job": [("i-2", "running", False)],
    }
    assert found.databases == {"DbDatabase": "available", "CacheCache": "available"}
    assert (found.works, list(found.problems())) == (True, [])


WRONG: dict[str, tuple[Account, str]] = {
    "no stack": (Account(status=None), "The stack is missing."),
    "a stack that failed": (Account(status="UPDATE_FAILED"), "The stack is in UPDATE_FAILED."),
    "a terminated instance": (Account(instances={"i-1": "running"}), "job i-2: gone."),
    "a stopped instance": (Account(instances={"i-1": "running", "i-2": "stopped"}), "job i-2: stopped."),
    "no traffic": (Account(targets={"i-1": ("unhealthy", "Target.Timeout")}), "web i-1: unhealthy: Target.Timeout."),
    "not registered": (Account(targets={}), "web i-1: running, not registered with the load balancer."),
    "a database that stopped": (Account(databases={"db-1": "stopped"}), "DbDatabase is stopped."),
    "no database": (Account(databases={}), "DbDatabase is gone."),
    "a cache that is made": (Account(caches={"c-1": "creating"}), "CacheCache is creating."),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_a_sentence(what: str) -> None:
    account, sentence = WRONG[what]
    assert problems(account) == [sentence]


def test_a_database_that_is_backed_up_or_changed_answers() -> None:
    assert problems(Account(databases={"db-1": "backing-up"}, caches={"c-1": "modifying"})) == []


def test_a_target_that_is_not_registered_any_more_is_none() -> None:
    found = problems(Account(targets={"i-1": ("unused", "Target.NotRegistered")}))
    assert found == ["web i-1: running, not registered with the load balancer."]


def job(**more: Any) -> JobState:
    return JobState("cleanup", "web", "i-1", "0 3 * * *", NOON, **more)


def ran(code: int | None, ending: str, *, ended: bool = True) -> JobRun:
    return JobRun(NOON, NOON if ended else None, code, ending, "r1", clocked=True)


@pytest.mark.parametrize(
    ("state", "problems"),
    [
        (job(), []),
        (job(runs=(ran(1, "exit code 1"), ran(0, "exit code 0"))), []),
        (job(runs=(ran(0, "exit code 0"), ran(1, "exit code 1"))), ["exit code 1"]),
        (job(runs=(ran(1, "exit code 1"), ran(None, "", ended=False))), ["exit code 1"]),
        (job(runs=(ran(None, "time-out"),)), ["time-out"]),
        (job(runs=(ran(None, "cut off"),)), ["cut off"]),
    ],
)
def test_a_job_whose_last_run_failed_is_not_in_order(state: JobState, problems: list[str]) -> None:
    found = replace(live_status(Account(), "shop"), jobs={"cleanup": state})  # type: ignore[arg-type]
    assert list(found.problems()) == [f"The last run of the job cleanup failed: {one}." for one in problems]


def test_a_job_that_nobody_can_tell_of_is_not_in_order() -> None:
    state = JobState("cleanup", "web", "i-1", trouble="its instance is stopped")
    found = replace(live_status(Account(), "shop"), jobs={"cleanup": state})  # type: ignore[arg-type]
    assert list(found.problems()) == ["The job cleanup is unknown: its instance is stopped."]


def test_the_jobs_of_an_instance_are_in_its_tags() -> None:
    tags = [{"Key": "hivemind:service", "Value": "web"}, *job_tags(["report", "cleanup"])]
    assert jobs_in({"Properties": {"Tags": tags}}) == ("cleanup", "report")
    assert jobs_in({}) == jobs_in({"Properties": {"Tags": {"Fn::If": []}}}) == ()


def at_hours(**states: str) -> LiveStatus:
    """The status on a Saturday of a deployment that runs on weekdays."""
    hours = {"HiveMind": {"Hours": "mon-fri 07:00-20:00 UTC"}}
    resources: dict[str, Any] = {name: {**one, "Metadata": hours} for name, one in TEMPLATE["Resources"].items()}
    template = {"Resources": resources}
    account = Account(instances={"i-1": "running", "i-2": states["instance"]}, databases={"db-1": states["database"]},
                      template=template)  # fmt: skip
    return live_status(account, "shop", ManualClock(datetime(2026, 11, 28, 12, tzinfo=UTC)))  # type: ignore[arg-type]


def test_what_its_hours_keep_stopped_is_in_order_and_says_until_when() -> None:
    found = at_hours(instance="stopped", database="stopped")
    assert list(found.problems()) == []
    assert found.services["job"][0].words == "stopped until Monday 07:00 UTC"
    assert list(at_hours(instance="terminated", database="failed").problems()) == [
        "job i-2: terminated.",
        "DbDatabase is failed.",
    ]


HEALTHY = TargetHealth(Target("i-1", 8000), "healthy")


@pytest.mark.parametrize(
    ("status", "works", "words"),
    [
        (InstanceStatus("i-1", "running", HEALTHY, web=True), True, "healthy"),
        (InstanceStatus("i-1", "pending", HEALTHY, web=True), False, "pending"),
        (InstanceStatus("i-1", "running", None), True, "running"),
        (InstanceStatus("i-1", "running", None, trouble="no way in"), True,
         "running; its process is unknown: no way in"),
        (InstanceStatus("i-1", "running", None, process=ProcessState("i-1", "running", 60.0, 0)), True, "running"),
        (InstanceStatus("i-1", "running", None, process=ProcessState("i-1", "running", 60.0, 1)), True,
         "running, restarted 1 time"),
        (InstanceStatus("i-1", "running", None, process=ProcessState("i-1", "running", 3.0, 2)), False,
         "its process is restarting, restarted 2 times"),
        (InstanceStatus("i-1", "running", None, process=ProcessState("i-1", "failed", None, 5)), False,
         "its process is failed, restarted 5 times"),
    ],
)  # fmt: skip
def test_an_instance_in_words(status: InstanceStatus, works: bool, words: str) -> None:
    assert (status.works, status.words) == (works, words)


def test_a_stack_that_went_back_works_with_its_instances() -> None:
    good = InstanceStatus("i-1", "running", HEALTHY, web=True)
    assert LiveStatus("UPDATE_ROLLBACK_COMPLETE", {"web": (good,)}, {}).works
    assert not LiveStatus("UPDATE_ROLLBACK_COMPLETE", {"web": (good, InstanceStatus("i-2", "gone", None))}, {}).works
    assert not LiveStatus(None, {}, {}).works


def test_the_service_of_an_instance() -> None:
    assert service_of(TEMPLATE["Resources"]["WebInstance1"]) == "web"
    assert service_of({"Type": "AWS::EC2::Instance"}) == "?"


def test_instances_of_a_group_are_those_that_it_has_now() -> None:
    account = Account(template=SCALED, group={"i-3": "InService", "i-1": "InService", "i-4": "Terminating:Wait"})
    account.instances["i-3"] = "running"
    found = live_status(account, "shop")  # type: ignore[arg-type]
    assert [one.id for one in found.services["web"]] == ["i-1", "i-3"]
    group = found.groups["web"]
    assert (group.least, group.most, group.desired) == (1, 4, 1)


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        (Account(template=SCALED, desired=2), "web has 1 of 2 instances."),
        (Account(template=SCALED, group={}), "web has 0 of 1 instances."),
        (Account(template=SCALED, suspended=("HealthCheck", "Terminate")), "The group of web is held (HealthCheck, "),
    ],
)
def test_what_is_wrong_with_a_group_is_a_sentence(account: Account, sentence: str) -> None:
    (problem,) = problems(account)
    assert problem.startswith(sentence)


def test_instances_that_rest_after_a_release_are_none_of_those_that_serve() -> None:
    """The release before is kept as a way back: it gets no requests, and that is in order."""
    resources = dict(TEMPLATE["Resources"])
    resources["WebGreenInstance1"] = resources.pop("WebInstance1")
    resources["WebInstance1"] = TEMPLATE["Resources"]["WebInstance1"]
    output = {"WebInstanceIds": {"Value": {"Fn::Join": [",", [{"Ref": "WebGreenInstance1"}]]}}}
    account = Account(
        instances={"i-1": "running", "i-2": "running", "i-4": "running"},
        targets={"i-4": ("healthy", None)},
        template={"Resources": resources, "Outputs": output},
        ids={**IDS, "WebGreenInstance1": "i-4"},
    )
    found = live_status(account, "shop")  # type: ignore[arg-type]
    assert [one.id for one in found.services["web"]] == ["i-4"]
    assert [one.id for one in found.resting["web"]] == ["i-1"]
    assert (found.works, list(found.problems())) == (True, [])
