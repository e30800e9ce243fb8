"""Capabilities: as many as the template needs."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.template.capabilities import capabilities

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("resources", "more", "needed"),
    [
        ({"Vpc": {"Type": "AWS::EC2::VPC"}}, {}, ()),
        ({"Role": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/"}}}, {}, ("CAPABILITY_IAM",)),
        ({"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}}, {}, ("CAPABILITY_NAMED_IAM",)),
        (
            {"A": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "own"}}, "B": {"Type": "AWS::IAM::User"}},
            {},
            ("CAPABILITY_IAM",),
        ),
        ({"A": {"Type": "T", "Properties": {"Fn::Transform": {"Name": "Own"}}}}, {}, ("CAPABILITY_AUTO_EXPAND",)),
        ({}, {"Transform": "AWS::LanguageExtensions"}, ("CAPABILITY_AUTO_EXPAND",)),
    ],
)
def test_as_many_as_the_template_needs(resources: Any, more: Any, needed: tuple[str, ...]) -> None:
    assert capabilities({"Resources": resources, **more}) == needed
