"""Hours of operation: EventBridge Scheduler starts and stops instances and databases, without anything that runs.

Its universal targets call any action of the API with a role (EventBridge Scheduler User Guide, "Using universal
targets"). A database needs some minutes to start; until then applications are started again and again, as after any
failure. RDS starts what was stopped for seven days (RDS User Guide, "Stopping an Amazon RDS DB instance"), which no
week of a blueprint reaches.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hivemind.blueprint.hours import Hours
from hivemind.blueprint.model import Blueprint
from hivemind.template.fragment import Fragment
from hivemind.template.hours import KEY
from hivemind.template.resource_types import DATABASE, INSTANCE

ROLE = "HoursRole"
_ARN = "arn:${AWS::Partition}:"


def with_hours(blueprint: Blueprint, fragments: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    """The fragments, with what starts and stops their instances and databases where the blueprint says hours."""
    hours = blueprint.hours
    if hours is None:
        return fragments
    instances, databases = (_of(fragments, kind) for kind in (INSTANCE, DATABASE))
    schedules = dict(_instances(hours, instances))
    for name in databases:
        schedules |= _database(hours, name)
    if not schedules:
        return fragments
    role = {ROLE: _role(instances, databases)}
    timed = tuple(replace(one, resources=_marked(one.resources, hours)) for one in fragments)
    return (*timed, Fragment(path="hours", resources={**role, **schedules}))


def _of(fragments: Iterable[Fragment], kind: str) -> list[str]:
    return sorted(name for one in fragments for name, resource in one.resources.items() if resource.get("Type") == kind)


def _marked(resources: Mapping[str, Any], hours: Hours) -> dict[str, Any]:
    """The resources, each that the hours are for with them in its metadata: for prices, and for `status`."""
    return {
        name: {**one, "Metadata": {"HiveMind": {**(one.get("Metadata") or {}).get("HiveMind", {}), KEY: str(hours)}}}
        if one.get("Type") in (INSTANCE, DATABASE)
        else one
        for name, one in resources.items()
    }


def _instances(hours: Hours, names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    identifiers = {
        "Fn::Join": ["", ['{"InstanceIds":["', {"Fn::Join": ['","', [{"Ref": one} for one in names]]}, '"]}']]
    }
    return {
        "HoursStartInstances": _schedule("Starts the instances", hours, hours.start, "ec2:startInstances", identifiers),
        "HoursStopInstances": _schedule("Stops the instances", hours, hours.end, "ec2:stopInstances", identifiers),
    }


def _database(hours: Hours, name: str) -> dict[str, Any]:
    identifier = {"Fn::Sub": json.dumps({"DbInstanceIdentifier": f"${{{name}}}"}, separators=(",", ":"))}
    return {
        f"HoursStart{name}": _schedule(f"Starts {name}", hours, hours.start, "rds:startDBInstance", identifier),
        f"HoursStop{name}": _schedule(f"Stops {name}", hours, hours.end, "rds:stopDBInstance", identifier),
    }


def _schedule(what: str, hours: Hours, minute: int, action: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Description": f"{what}: {hours}",
            "ScheduleExpression": hours.cron(minute),
            "ScheduleExpressionTimezone": hours.zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": {"Fn::Sub": f"{_ARN}scheduler:::aws-sdk:{action}"},
                "RoleArn": {"Fn::GetAtt": [ROLE, "Arn"]},
                "Input": arguments,
                # What could not be stopped or started for half an hour waits for the next day.
                "RetryPolicy": {"MaximumEventAgeInSeconds": 1800, "MaximumRetryAttempts": 20},
            },
        },
    }


def _role(instances: list[str], databases: list[str]) -> Mapping[str, Any]:
    statements = []
    if instances:
        resources = [
            {"Fn::Sub": f"{_ARN}ec2:${{AWS::Region}}:${{AWS::AccountId}}:instance/${{{one}}}"} for one in instances
        ]
        statements.append(_allowed(["ec2:StartInstances", "ec2:StopInstances"], resources))
    if databases:
        resources = [{"Fn::Sub": f"{_ARN}rds:${{AWS::Region}}:${{AWS::AccountId}}:db:${{{one}}}"} for one in databases]
        statements.append(_allowed(["rds:StartDBInstance", "rds:StopDBInstance"], resources))
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": "Starts and stops instances and databases at their hours",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
            "Policies": [
                {"PolicyName": "hours", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}},
            ],
        },
    }


def _allowed(actions: list[str], resources: list[Any]) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
