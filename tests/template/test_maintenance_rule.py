from __future__ import annotations

from typing import Any

import pytest

from hivemind.template.fragment import Assembly
from hivemind.template.maintenance import (
    LONGEST,
    OUTPUT,
    RULE,
    Maintenance,
    Page,
    maintenance_of,
    page_of,
    switched,
    with_maintenance,
)

pytestmark = pytest.mark.fast

HTTP: dict[str, Any] = {"Resources": {"ALBHttpListener": {"Type": "x"}}, "Outputs": {"A": {"Value": "1"}}}
HTTPS: dict[str, Any] = {"Resources": {"ALBHttpListener": {"Type": "x"}, "ALBHttpsListener": {"Type": "x"}}}
SHOWN = Maintenance(Page("soon", "text/plain"), "ana@laptop", "2026-12-01T10:00:00+00:00")


def test_it_comes_and_goes_and_nothing_else_changes() -> None:
    template = switched(HTTP, SHOWN)
    assert template is not None
    assert maintenance_of(template) == SHOWN
    assert template["Outputs"][OUTPUT] == {"Value": "on"}
    assert switched(template, None) == HTTP
    assert maintenance_of(HTTP) is None
    assert switched({"Resources": {}}, SHOWN) is None


def test_it_is_before_the_application_on_the_listener_that_serves() -> None:
    template = switched(HTTPS, SHOWN)
    assert template is not None
    rule = template["Resources"][RULE]["Properties"]
    assert (rule["ListenerArn"], rule["Priority"]) == ({"Ref": "ALBHttpsListener"}, 1)


def test_an_apply_takes_it_over_on_the_listener_that_it_has_then() -> None:
    assembly = Assembly(HTTPS, {}, {}, {})
    deployed = switched(HTTP, SHOWN)
    assert deployed is not None
    kept = with_maintenance(assembly, deployed)
    assert maintenance_of(kept.template) == SHOWN
    assert kept.template["Resources"][RULE]["Properties"]["ListenerArn"] == {"Ref": "ALBHttpsListener"}
    assert with_maintenance(assembly, HTTP) is assembly
    without = Assembly({"Resources": {}}, {}, {}, {})
    assert with_maintenance(without, deployed) is without


def test_a_message_is_text() -> None:
    page = page_of("<script>&")
    assert "&lt;script&gt;&amp;" in page.body
    assert len(page.body) < LONGEST
