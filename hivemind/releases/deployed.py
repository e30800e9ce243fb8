"""What is deployed after an apply: a Release as checks see it, addresses, and the way to instances and databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.blueprint.https_rules import covers
from hivemind.hosts.connecting import connect, login_name
from hivemind.hosts.ssh import Host
from hivemind.releases import groups
from hivemind.releases.release import Release, ServiceRelease
from hivemind.releases.secret_values import secret_values
from hivemind.template.names import instances_output, scaling_group_output
from hivemind.values.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hivemind.blueprint.model import Blueprint, Route, Service
    from hivemind.releases.secret_values import SecretValues
    from hivemind.template.fragment import Binding
    from hivemind.values.cloud import Cloud, WebAddress
    from hivemind.values.hooks import Hooks

EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Deployed:
    """A deployment's revision as it is deployed. bindings: what resources hand to services, by name. outputs: of the
    stack. key: file of the deployment's private SSH key. known_hosts: instance id -> SSH host key. artifacts: service
    -> digest of what is released. hooks: of all plugins, for their checks."""

    blueprint: Blueprint
    bindings: Mapping[str, Binding]
    hooks: Hooks
    cloud: Cloud
    deployment_id: str
    revision: str
    outputs: Mapping[str, str]
    key: Path
    known_hosts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    artifacts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    clock: Clock = SYSTEM_CLOCK

    def address(self) -> WebAddress | None:
        """Where the load balancer is reached; None where there is none."""
        name = self.outputs.get("ALBDNSName")
        if name is None:
            return None
        tls = self.blueprint.https
        return self.cloud.web_address(name, 443 if tls else 80, tls=tls)

    def instances(self, service: Service) -> tuple[str, ...]:
        """EC2 ids of a service's instances, in their order; of a group, those that it has now."""
        if service.scaling is not None:
            group = self.outputs.get(scaling_group_output(service.name))
            return groups.present(self.cloud, group) if group else ()
        return tuple(filter(None, self.outputs.get(instances_output(service.name), "").split(",")))

    def urls(self) -> Mapping[str, str]:
        """Web service -> address to print; the one at the bare address first, then by name."""
        web = sorted(self.release().web_services, key=lambda service: (service.host or "", service.path != "/"))
        return {service.name: service.url for service in web if service.url}

    def release(self) -> Release:
        address = self.address()
        return Release(
            deployment_id=self.deployment_id,
            name=self.blueprint.name,
            environment=self.blueprint.environment,
            revision=self.revision,
            services=tuple(
                self._service(self.blueprint.services[name], address) for name in sorted(self.blueprint.services)
            ),
            resources={name: resource.type for name, resource in self.blueprint.resources.items()},
            options=self.blueprint.plugins,
            checks=self.blueprint.checks,
        )

    def _service(self, service: Service, address: WebAddress | None) -> ServiceRelease:
        route = service.routes[0] if service.routes else None
        path = (route.path if route else None) or "/"
        name = _name(route) or (self._certified() if self.blueprint.https else None)
        url = None
        if service.is_web and address is not None:
            base = f"https://{name}" if name and self._has_record(name) else address.base
            url = base + ("" if path in ("/", "/*") else path.rstrip("*"))
        return ServiceRelease(
            name=service.name,
            kind=service.kind.value if service.kind else "web",
            url=url,
            host=name,
            health_path=service.health.path or "/",
            instances=self.instances(service),
            artifact=self.artifacts.get(service.name, ""),
            needs=service.needs,
            path=path,
            connect=address.connect if address else None,
            authorities=address.authorities if address else None,
        )

    def _has_record(self, name: str) -> bool:
        """Whether the stack has made a DNS record that leads a name to the load balancer: never in the local cloud."""
        made = self.blueprint.domain if self.blueprint.zone and self.cloud.name == "aws" else ()
        return any(covers(one, name) for one in made)

    def _certified(self) -> str | None:
        """A name that the certificate is for: one of the domain, else one of the routes."""
        own = next((name for name in self.blueprint.domain if not name.startswith("*")), None)
        if own is not None:
            return own
        routes = (route for service in self.blueprint.web_services for route in service.routes)
        return next(filter(None, map(_name, routes)), None)

    @contextmanager
    def connections(self) -> Iterator[Callable[[str], Host]]:
        """A function from instance id to an open connection; all are closed at the end."""
        hosts: dict[str, Host] = {}
        users = {
            one: login_name(service.os)
            for service in self.blueprint.services.values()
            for one in self.instances(service)
        }

        def open_host(instance_id: str) -> Host:
            if instance_id not in hosts or not hosts[instance_id].alive:
                hosts[instance_id] = connect(
                    self.cloud,
                    instance_id,
                    key=self.key,
                    user=users.get(instance_id, "admin"),
                    known=self.known_hosts,
                    clock=self.clock,
                )
            return hosts[instance_id]

        try:
            yield open_host
        finally:
            for host in hosts.values():
                host.close()

    def bound(self, resource: str) -> tuple[Binding, Mapping[str, str], SecretValues]:
        """What a resource hands to services, with all that fills it in."""
        if resource not in self.bindings:
            raise LookupError(f"the resource {resource} passes nothing to services")
        users = [service.name for service in self.blueprint.services.values() if resource in service.needs]
        secrets = secret_values(self.cloud, self.blueprint, self.bindings, self.outputs, services=users)
        return self.bindings[resource], self.outputs, secrets


def _name(route: Route | None) -> str | None:
    """A host name that a route takes requests for; None for one that takes them for every name."""
    return route.host.replace("*", "www") if route and route.host else None
