"""An application that does not come up: what is said of it, that the next apply mends it, that it is taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, Ran, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"

ENDS = "env: {EXIT: no configuration at all}"
SICK = "env: {HEALTH_STATUS: '500'}"
MIGRATION = "release: sh -c 'echo table entries is locked; exit 3'"
KNOWS = """
from hivemind import Signature, Speaker, hook

@hook
def hivemind_diagnose():
    remedy = "Unlock {1}, then apply {service} again."
    return (Signature("locked", r"table (\\w+) is locked", Speaker.APPLICATION, "locked", remedy),)
"""


def failed(project: Project, code: ExitCode) -> tuple[Ran, dict[str, object]]:
    """Applies, which must fail with this code; returns also the error of the last line."""
    ran = project.apply(code=code)
    error = ran.last["error"]
    assert error["exit_code"] == code
    assert error["hint"]
    status = project.status()
    assert status["status"] == "failed"
    assert status["revision"] is None
    return ran, error


def mended(project: Project, line: str) -> None:
    """Takes the faulty line out; the next apply makes a good first revision, by itself."""
    project.replace("hivemind.yaml", f"    {line}\n", "")
    applied = project.apply().last
    assert (applied["revision"], applied["verdict"]) == ("r1", "good")
    assert project.get().text.startswith("hello|1|")
    assert project.status()["status"] == "deployed"


@pytest.mark.stress
def test_from_one_that_never_worked_to_one_that_goes_on_answering(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("back", service=MIGRATION, more=SMALL) | {"hivemind_plugin.py": KNOWS})
    its_release_command_fails(project)
    what_never_worked_is_taken_back(project)

    project.replace("hivemind.yaml", MIGRATION, ENDS)
    it_ends_at_its_start(project)
    mended(project, ENDS)
    assert project.status()["works"] is True

    the_release_before_goes_on_answering(project)
    what_has_a_good_revision_returns_to_it(project)


def its_release_command_fails(project: Project) -> None:
    _, error = failed(project, ExitCode.DEPLOY)
    assert error["hint"] == "Unlock entries, then apply web again.", "what the project's plugin knows"
    assert any("table entries is locked" in line for line in error["lines"])
    assert "release command" in str(error["message"])


def what_never_worked_is_taken_back(project: Project) -> None:
    refused = project.run("rollback", code=ExitCode.REFUSED)
    assert "WebInstance1" in refused.out
    assert "hivemind rollback --yes" in refused.err
    ran = project.run("rollback", "--yes", "--json")
    assert ran.last["left"] == []
    finished = [event["step"] for event in ran.lines if event.get("kind") == "finished"]
    assert finished == ["drain WebTargetGroup", "stack", "rollback"]
    assert {event["stage"] for event in ran.lines if "stage" in event} == {"rollback"}
    assert "Nothing is deployed: it was rolled back" in project.run("status").out
    assert project.status()["status"] == "rolled_back"
    assert "nothing to roll back" in project.run("rollback", "--yes").out


def it_ends_at_its_start(project: Project) -> None:
    _, error = failed(project, ExitCode.DEPLOY)
    assert "web" in str(error["message"])
    assert any("no configuration at all" in line for line in error["lines"])
    assert "no configuration at all" in project.run("logs").out
    shown = project.run("status", "--check", code=ExitCode.VERIFY)
    assert "no release yet" in shown.out
    assert "Not in order: Nothing is released yet." in shown.err
    text = project.run("apply", "--local", "--yes", code=ExitCode.DEPLOY)
    assert "no configuration at all" in text.err
    assert "Traceback" not in text.err


def the_release_before_goes_on_answering(project: Project) -> None:
    project.replace("hivemind.yaml", "    health: /health\n", f"    health: /health\n    {MIGRATION}\n")
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    project.apply(code=ExitCode.DEPLOY)
    assert project.get().text.startswith("hello|1|"), "the release before"
    assert "a later apply failed" in project.run("rollback", "--yes", code=ExitCode.REFUSED).err
    assert project.status()["revision"] == "r1"
    project.replace("hivemind.yaml", f"    {MIGRATION}\n", "")
    assert project.apply().last["revision"] == "r2"
    assert project.get().text.startswith("hello|2|")


def what_has_a_good_revision_returns_to_it(project: Project) -> None:
    assert "no earlier revision r7" in project.run("rollback", "--to", "r7", code=ExitCode.NOT_FOUND).err
    assert "Pass --yes" in project.run("rollback", code=ExitCode.REFUSED).err
    back = project.run("rollback", "--yes", "--json").last
    assert (back["revision"], back["to"], back["verdict"]) == ("r3", "r1", "good")
    assert project.get().text.startswith("hello|1|")
    assert project.status()["works"] is True
    left = project.run("rollback", "--yes", code=ExitCode.REFUSED).err
    assert "than those that a rollback left behind" in " ".join(left.split())
    assert project.run("rollback", "--to", "2", "--yes", "--json").last["to"] == "r2"
    assert project.get().text.startswith("hello|2|")
    assert project.apply().last["changed"] is False, "the files are those of r2"
    assert "rolled back" in project.run("rollback", "--yes", "--delete").out
    assert project.status()["status"] == "rolled_back"


@pytest.mark.stress
def test_its_health_page_says_500(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("sick", service=SICK, more=SMALL))
    _, error = failed(project, ExitCode.REGISTER)
    said = " ".join([str(error["message"]), *error["lines"]])
    assert "500" in said, "the last probe's status"
    assert "GET /health" in said, "the application's last log lines"
    health = project.status()["services"]["web"][0]
    assert health["health"] == "unhealthy"
    assert "500" in health["description"]
    mended(project, SICK)

    project.replace("hivemind.yaml", "    health: /health\n", f"    health: /health\n    {SICK}\n")
    project.replace("app.py", '"hello listens"', '"second listens"')
    error = project.apply(code=ExitCode.REGISTER).last["error"]
    assert "the release before is current again and receives traffic" in error["left"]
    assert "r1" in error["left"]
    assert any("second listens" in line or "GET /health" in line for line in error["lines"])
    assert not any("hello listens" in line for line in error["lines"]), "a line of the release before"
    assert project.get().text.startswith("hello|1|")
    assert project.status()["works"] is True
    assert "the last release did not end well" in project.run("plan", "--local").out


@pytest.mark.stress
def test_an_application_that_nobody_can_reach_makes_way(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("hidden", more=SMALL))
    project.apply()
    project.replace("app.py", 'Server(("", 8000)', 'Server(("127.0.0.1", 8000)')
    error = project.apply(code=ExitCode.DEPLOY).last["error"]
    assert "let it listen on 0.0.0.0" in error["message"]
    assert not any("GET /" in line for line in error["lines"]), "a line of the release before"
    assert "release r1" in error["left"]
    assert project.get().status == 200


@pytest.mark.stress
def test_a_page_that_only_redirects_to_https_is_not_good(local_project: Callable[..., Project]) -> None:
    files = hello("secure", more=SMALL)
    redirecting = files["app.py"].replace(
        "        self.send_response(healthy if",
        '        self.send_response(301)\n        self.send_header("Location", "https://" + self.headers["Host"])\n'
        "        0 and self.send_response(healthy if",
    )
    project = local_project(files | {"app.py": redirecting})
    error = project.apply(code=ExitCode.VERIFY).last["error"]
    assert "the load balancer does not answer HTTPS" in error["lines"][0]
    assert "1 of 1 instance receives traffic" in error["left"]
    assert "Not in order" in project.run("status", "--check", code=ExitCode.VERIFY).err


@pytest.mark.stress
def test_a_worker_that_ends_again_and_again_is_not_live(local_project: Callable[..., Project]) -> None:
    blueprint = (
        "hivemind: 1\nname: loop\nservices:\n  w: {kind: worker, runtime: python, start: python w.py}\n"
        "environments: {production: {stage: stage-1}}\n"
    )
    project = local_project({"hivemind.yaml": blueprint, "w.py": "import time\ntime.sleep(5)\nraise SystemExit(1)\n"})
    error = project.apply(code=ExitCode.VERIFY).last["error"]
    assert "running w" in error["lines"][0]
    status = project.status()
    assert status["services"]["w"][0]["restarts"] >= 1
    assert project.run("status", "--check", code=ExitCode.VERIFY).err
    project.write({"w.py": "import time\ntime.sleep(100000)\n"})
    project.apply()
    assert project.run("status", "--check").err == ""
    assert "1 check passed" in project.run("verify").out


def test_a_build_that_fails_names_its_command(deployed: Project) -> None:
    build = "build: sh -c 'echo no such module; exit 2'"
    deployed.replace("hivemind.yaml", "    health: /health\n", f"    health: /health\n    {build}\n")
    error = deployed.apply(code=ExitCode.BUILD).last["error"]
    assert "no such module" in " ".join([error["message"], *error["lines"]])
    assert error["path"].startswith("services.web")
