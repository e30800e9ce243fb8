"""The load balancer: one for all web services, a target group for each, listeners and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner.https import certificate_of
from hivemind.agents.provisioner.network import ATTACHMENT, EVERYWHERE
from hivemind.agents.provisioner.routes import catches_all, conditions, rules
from hivemind.blueprint.model import Blueprint, Service
from hivemind.checks.kinds import NO_ROUTE
from hivemind.template.fragment import Fragment
from hivemind.template.maintenance import STATUS, page_of
from hivemind.template.names import (
    LOAD_BALANCER,
    LOAD_BALANCER_SECURITY_GROUP,
    PUBLIC_SUBNETS,
    VPC,
    instance_security_group,
    logical_id,
    security_group_id,
    target_group,
)

HTTP_LISTENER = "ALBHttpListener"
HTTPS_LISTENER = "ALBHttpsListener"
STOPPED = "This service is stopped."
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    """The load balancer and one fragment a web service; nothing where no service listens."""
    services = blueprint.web_services
    if not services:
        return ()
    return (_balancer(blueprint, services), *(_service(blueprint, service) for service in services))


def _balancer(blueprint: Blueprint, services: tuple[Service, ...]) -> Fragment:
    return Fragment(
        path="services",
        resources={
            LOAD_BALANCER_SECURITY_GROUP: _security_group(blueprint, services),
            LOAD_BALANCER: {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "DependsOn": ATTACHMENT,
                "Properties": {
                    "Type": "application",
                    "Scheme": "internet-facing",
                    "Subnets": [{"Ref": subnet} for subnet in PUBLIC_SUBNETS],
                    "SecurityGroups": [security_group_id(LOAD_BALANCER_SECURITY_GROUP)],
                    "LoadBalancerAttributes": [
                        {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"}
                    ],
                },
            },
            **_listeners(blueprint, services),
        },
        outputs={
            "ALBDNSName": {"Value": {"Fn::GetAtt": [LOAD_BALANCER, "DNSName"]}},
            "TargetGroupArn": {"Value": {"Ref": target_group(_main(services).name)}},
        },
    )


def _main(services: tuple[Service, ...]) -> Service:
    """The service that answers at the bare address: the catch-all, else the first by name."""
    return next((service for service in services if catches_all(service)), services[0])


def _listens_on(blueprint: Blueprint) -> tuple[int, ...]:
    return (80, 443) if blueprint.https else (80,)


def _security_group(blueprint: Blueprint, services: tuple[Service, ...]) -> Mapping[str, Any]:
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "Load balancer: the one group that is open to the world",
            "VpcId": {"Ref": VPC},
            "SecurityGroupIngress": [
                {
                    "Description": "Everyone",
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port,
                    "CidrIp": EVERYWHERE,
                }
                for port in _listens_on(blueprint)
            ],
            "SecurityGroupEgress": [
                {
                    "Description": f"Instances of {service.name}",
                    "IpProtocol": "tcp",
                    "FromPort": service.listens_on,
                    "ToPort": service.listens_on,
                    "DestinationSecurityGroupId": security_group_id(instance_security_group(service.name)),
                }
                for service in services
            ],
        },
    }


def _listeners(blueprint: Blueprint, services: tuple[Service, ...]) -> dict[str, Mapping[str, Any]]:
    default = _default_action(services)
    if not blueprint.https:
        return {HTTP_LISTENER: _listener(80, "HTTP", default)}
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }
    secure = {
        "SslPolicy": TLS_POLICY,
        "Certificates": [{"CertificateArn": certificate_of(blueprint)}],
    }
    return {
        HTTP_LISTENER: _listener(80, "HTTP", redirect),
        HTTPS_LISTENER: _listener(443, "HTTPS", default, secure),
    }


def _listener(
    port: int, protocol: str, action: Mapping[str, Any], more: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::Listener",
        "Properties": {
            "LoadBalancerArn": {"Ref": LOAD_BALANCER},
            "Port": port,
            "Protocol": protocol,
            "DefaultActions": [action],
            **(more or {}),
        },
    }


def _default_action(services: tuple[Service, ...]) -> Mapping[str, Any]:
    main = _main(services)
    if catches_all(main):
        return _forward(main)
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": NO_ROUTE},
    }


def _forward(service: Service) -> Mapping[str, Any]:
    if not service.instances:  # by `hivemind scale`
        page = page_of(STOPPED)
        return {
            "Type": "fixed-response",
            "FixedResponseConfig": {
                "StatusCode": str(STATUS),
                "ContentType": page.content_type,
                "MessageBody": page.body,
            },
        }
    return {"Type": "forward", "TargetGroupArn": {"Ref": target_group(service.name)}}


def _service(blueprint: Blueprint, service: Service) -> Fragment:
    listener = HTTPS_LISTENER if blueprint.https else HTTP_LISTENER
    return Fragment(
        path=f"services.{service.name}",
        resources={
            target_group(service.name): _target_group(service),
            **{
                logical_id(service.name, "ListenerRule", rule.number): {
                    "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                    "Properties": {
                        "ListenerArn": {"Ref": listener},
                        "Priority": rule.priority,
                        "Conditions": conditions(rule.route),
                        "Actions": [_forward(service)],
                    },
                }
                for rule in rules(blueprint.web_services)
                if rule.service == service.name
            },
        },
        outputs={target_group(service.name) + "Arn": {"Value": {"Ref": target_group(service.name)}}},
    )


def _target_group(service: Service) -> Mapping[str, Any]:
    health = service.health
    return {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {
            "VpcId": {"Ref": VPC},
            "TargetType": "instance",
            "Protocol": "HTTP",
            "Port": service.listens_on,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPath": health.path or "/",
            "HealthCheckIntervalSeconds": health.interval,
            "HealthCheckTimeoutSeconds": health.timeout,
            "HealthyThresholdCount": health.healthy,
            "UnhealthyThresholdCount": health.unhealthy,
            "Matcher": {"HttpCode": health.matcher},
            "TargetGroupAttributes": [
                {"Key": "deregistration_delay.timeout_seconds", "Value": str(service.strategy.drain)}
            ],
        },
    }
