"""A load balancer's listeners and rules as traefik's dynamic configuration. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.local.model import Listener, ListenerRule, LoadBalancer, TargetGroup

LAST = 1
FIRST = 100_000
IDLE_SECONDS = 60
"""An ALB's idle timeout: how long a target may stay silent before the client gets 504."""

_NEVER = "Method(`NEVER`)"


@dataclass(frozen=True)
class Answer:
    """A response that the load balancer gives by itself."""

    status: int
    content_type: str
    body: str

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.status, self.content_type, self.body)).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Routes:
    """dynamic: traefik's configuration. answers: what our own server must be ready to say, by key."""

    dynamic: Mapping[str, Any]
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Wiring:
    """Where a load balancer's parts really are. entry_points: listener port -> (traefik's name, loopback port).
    servers: target group -> URLs that take requests now. answers: base URL of the server of fixed
    responses. closed: listener ports whose security groups admit nobody. certificates: (certificate file, key file)."""

    entry_points: Mapping[int, tuple[str, int]]
    servers: Callable[[TargetGroup], Iterable[str]]
    answers: str
    closed: frozenset[int] = frozenset()
    certificates: tuple[tuple[str, str], ...] = ()


def routes(balancer: LoadBalancer, target_groups: Iterable[TargetGroup], wiring: Wiring) -> Routes:
    """The configuration that makes traefik serve this load balancer's listeners as an ALB would."""
    return _Builder(balancer, {group.arn: group for group in target_groups}, wiring).build()


def with_metrics(dynamic: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The same configuration, with traefik's counts on its entry point `metrics` for who asks with the key."""
    rule = f"Path(`/metrics`) && Header(`Authorization`, `Bearer {key}`)"
    router = {"rule": rule, "entryPoints": ["metrics"], "service": "prometheus@internal"}
    http = dynamic["http"]
    return {**dynamic, "http": {**http, "routers": {**http["routers"], "hivemind-metrics": router}}}


def service_name(target_group_arn: str) -> str:
    """Traefik's name of a target group, as it stands in its metrics."""
    return "tg-" + hashlib.sha256(target_group_arn.encode()).hexdigest()[:16]


class _Builder:
    def __init__(self, balancer: LoadBalancer, groups: Mapping[str, TargetGroup], wiring: Wiring) -> None:
        self._balancer = balancer
        self._groups = groups
        self._wiring = wiring
        self._routers: dict[str, Any] = {}
        self._middlewares: dict[str, Any] = {}
        self._services: dict[str, Any] = {}
        self._answers: dict[str, Answer] = {}

    def build(self) -> Routes:
        for listener in self._balancer.listeners:
            if listener.port in self._wiring.entry_points:
                self._listener(listener)
        http: dict[str, Any] = {"routers": self._routers}
        if self._middlewares:
            http["middlewares"] = self._middlewares
        if self._services:
            http["services"] = self._services
        http["serversTransports"] = {
            "target": {
                "insecureSkipVerify": True,
                "forwardingTimeouts": {"dialTimeout": "10s", "responseHeaderTimeout": f"{IDLE_SECONDS}s"},
            }
        }
        dynamic: dict[str, Any] = {"http": http}
        if self._wiring.certificates:
            pairs = [{"certFile": certificate, "keyFile": key} for certificate, key in self._wiring.certificates]
            dynamic["tls"] = {"certificates": pairs, "stores": {"default": {"defaultCertificate": pairs[0]}}}
        return Routes(dynamic, self._answers)

    def _listener(self, listener: Listener) -> None:
        entry_point, _ = self._wiring.entry_points[listener.port]
        forwarded = f"{entry_point}-forwarded"
        secure = listener.protocol == "HTTPS"
        self._middlewares[forwarded] = {
            "headers": {
                "customRequestHeaders": {
                    "X-Forwarded-Port": str(listener.port),
                    "X-Forwarded-Proto": "https" if secure else "http",
                }
            }
        }
        rules = listener.rules
        if listener.port in self._wiring.closed:
            text = f"The load balancer's security groups block port {listener.port}.\n"
            rules = (ListenerRule(None, (), (_fixed(503, text),)),)
        for number, rule in enumerate(rules):
            service, middlewares = self._action(rule, f"{entry_point}-{number}", listener)
            self._routers[f"{entry_point}-{number}"] = {
                "entryPoints": [entry_point],
                "rule": " && ".join(_condition(condition) for condition in rule.conditions) or "PathPrefix(`/`)",
                "priority": LAST if rule.priority is None else FIRST - rule.priority,
                "service": service,
                "middlewares": [forwarded, *middlewares],
                **({"tls": {}} if secure else {}),
            }

    def _action(self, rule: ListenerRule, name: str, listener: Listener) -> tuple[str, list[str]]:
        """The last action decides; an authentication in front of it has no counterpart here."""
        action = rule.actions[-1] if rule.actions else _fixed(503, "")
        kind = action.get("Type")
        if kind == "forward":
            return self._forward(action, name), []
        if kind == "redirect":
            self._middlewares[f"{name}-redirect"] = {"redirectRegex": self._redirect(action, listener)}
            return "noop@internal", [f"{name}-redirect"]
        if kind != "fixed-response":
            action = _fixed(503, f"The local cloud does not support actions of type {kind}.\n")
        return self._fixed_response(action["FixedResponseConfig"], name)

    def _forward(self, action: Mapping[str, Any], name: str) -> str:
        several = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        shares = [(str(one["TargetGroupArn"]), int(one.get("Weight", 1))) for one in several]
        if not shares:
            shares = [(str(action.get("TargetGroupArn", "")), 1)]
        services = [{"name": self._target_group(arn), "weight": weight} for arn, weight in shares]
        if len(services) == 1:
            return str(services[0]["name"])
        self._services[f"{name}-weighted"] = {"weighted": {"services": services}}
        return f"{name}-weighted"

    def _target_group(self, arn: str) -> str:
        name = service_name(arn)
        group = self._groups.get(arn)
        servers = () if group is None else self._wiring.servers(group)
        self._services[name] = {
            "loadBalancer": {
                "servers": [{"url": url} for url in sorted(servers)],
                "passHostHeader": True,
                "serversTransport": "target",
            }
        }
        return name

    def _redirect(self, action: Mapping[str, Any], listener: Listener) -> dict[str, Any]:
        config = action.get("RedirectConfig") or {}
        protocol = str(config.get("Protocol") or "#{protocol}").lower()
        host, port = str(config.get("Host") or "#{host}"), str(config.get("Port") or "#{port}")
        path, query = str(config.get("Path") or "/#{path}"), str(config.get("Query", "#{query}"))
        if "#{host}" in host:
            # A listener of this load balancer has another port on this machine.
            number = listener.port if port == "#{port}" else int(port)
            port = str(self._wiring.entry_points.get(number, ("", number))[1])
        target = f"{protocol}://{host}:{port}{path}"
        # Group 4 holds the query with its question mark, so that none is left alone.
        target += "${4}" if query == "#{query}" else f"?{query}" if query else ""
        filled = {"#{protocol}": "${1}", "#{host}": "${2}", "#{path}": "${3}", "#{query}": "${4}"}
        filled["#{port}"] = str(listener.port)
        for variable, group in filled.items():
            target = target.replace(variable, group)
        return {
            "regex": r"^(https?)://([^/:]+)(?::\d+)?/?([^?]*)(\?.*)?$",
            "replacement": target,
            "permanent": config.get("StatusCode") == "HTTP_301",
        }

    def _fixed_response(self, config: Mapping[str, Any], name: str) -> tuple[str, list[str]]:
        answer = Answer(
            int(config.get("StatusCode") or 200),
            str(config.get("ContentType") or "text/plain"),
            str(config.get("MessageBody") or ""),
        )
        self._answers[answer.key] = answer
        self._services["answers"] = {"loadBalancer": {"servers": [{"url": self._wiring.answers}]}}
        self._middlewares[f"{name}-answer"] = {"replacePath": {"path": f"/{answer.key}"}}
        return "answers", [f"{name}-answer"]


def _fixed(status: int, body: str) -> dict[str, Any]:
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": str(status), "ContentType": "text/plain", "MessageBody": body},
    }


def _condition(condition: Mapping[str, Any]) -> str:
    """One ALB condition in traefik's rule language; its values are alternatives."""
    header = str((condition.get("HttpHeaderConfig") or {}).get("HttpHeaderName", ""))
    match = {
        "host-header": lambda value: f"HostRegexp({_quoted('(?i)' + _pattern(value))})",
        "path-pattern": lambda value: f"PathRegexp({_quoted(_pattern(value))})",
        "http-header": lambda value: f"HeaderRegexp({_quoted(header)}, {_quoted('(?i)' + _pattern(value))})",
        "http-request-method": lambda value: f"Method({_quoted(value)})",
        "source-ip": lambda value: f"ClientIP({_quoted(value)})",
        "query-string": _query,
    }.get(str(condition.get("Field")))
    return _NEVER if match is None else _any([match(value) for value in _values(condition)])


def _query(pair: Mapping[str, Any]) -> str:
    """Traefik asks for a key: a value under any key has no counterpart."""
    if not pair.get("Key"):
        return _NEVER
    return f"QueryRegexp({_quoted(str(pair['Key']))}, {_quoted(_pattern(str(pair['Value'])))})"


def _values(condition: Mapping[str, Any]) -> Iterable[Any]:
    """DescribeRules gives them in `<Field>Config`, templates of old in `Values`."""
    for name, config in condition.items():
        if name.endswith("Config") and config and config.get("Values"):
            return tuple(config["Values"])
    return tuple(condition.get("Values") or ())


def _any(parts: list[str]) -> str:
    return f"({' || '.join(parts)})" if parts else _NEVER


def _pattern(wildcard: str) -> str:
    """ALB's wildcards as a regular expression: `*` any characters, `?` exactly one."""
    kept = {"*": ".*", "?": "."}
    return "^" + "".join(kept.get(letter) or re.escape(letter) for letter in wildcard) + "$"


def _quoted(text: str) -> str:
    """A string of traefik's rule language: raw between backquotes, else with Go's escapes."""
    return json.dumps(text) if "`" in text else f"`{text}`"
