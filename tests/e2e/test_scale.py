"""Another number of instances: kept over applies, none at all with a page, and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello


@pytest.mark.stress
@pytest.mark.slow
def test_a_number_stays_until_it_is_ended(deployed: Project) -> None:
    deployed.apply()
    unknown = deployed.run("scale", "wbe=2", *deployed.target, code=7).err
    assert "Did you mean web?" in unknown
    assert "such as web=4" in deployed.run("scale", "web=many", *deployed.target, code=2).err
    assert "Pass --yes" in deployed.run("scale", "web=2", *deployed.target, code=5).err

    deployed.run("scale", "web=2", "-y", *deployed.target)
    said = "instances: 2 by hivemind scale"
    assert said in deployed.run("status", *deployed.target).out
    assert f"web: {said}" in deployed.run("plan", *deployed.target).out
    assert deployed.run("scale", "--json", *deployed.target).last["services"]["web"]["instances"] == 2
    assert deployed.apply().last["changed"] is False, "an apply keeps it"
    assert len(deployed.status(*deployed.target)["services"]["web"]) == 2

    deployed.replace("hivemind.yaml", "    health: /health\n", "    health: /health\n    env: {GREETING: later}\n")
    refused = deployed.run("scale", "web=3", "-y", *deployed.target, code=5).err
    assert "differs from what is deployed: a release of web" in refused
    deployed.apply("--reset-scale")
    assert len(deployed.status(*deployed.target)["services"]["web"]) == 1
    assert deployed.status(*deployed.target)["scaled"] == {}
    assert deployed.get().text.startswith("later|")


@pytest.mark.slow
@pytest.mark.stress
def test_no_instance_is_a_page_and_no_end(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("idle"))
    project.apply()
    project.run("scale", "web=0", "-y", *project.target)
    page = project.get()
    assert page.status == 503
    assert "This service is stopped." in page.text
    assert "maintenance page of web" in project.run("verify", *project.target).out
    project.replace("hivemind.yaml", "    health: /health\n", "    health: /health\n    env: {GREETING: later}\n")
    assert project.apply().last["changed"] is False, "a release of no instances"
    project.run("scale", "--reset", "web", "-y", *project.target)
    assert project.get().text.startswith("later|"), "new instances get what the project is now"
