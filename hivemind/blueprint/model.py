"""The Blueprint: a validated `hivemind.yaml` for one environment, as frozen values."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.hours import Hours
from hivemind.blueprint.scaled import Scaled
from hivemind.blueprint.scaling import Scaling
from hivemind.blueprint.strategy import Colour, Strategy
from hivemind.values.findings import Place
from hivemind.values.interrupts import OnInterrupt

EMPTY: Mapping[str, Any] = MappingProxyType({})

DEFAULT_PORT = 8000
"""The TCP port of a web service that names none; the service gets it as `PORT`."""


class ServiceKind(enum.StrEnum):
    """web listens on a port behind the load balancer; worker does not listen; static serves files. What else a
    blueprint may say, `job`, is no service of its own: see `Job`."""

    WEB = "web"
    WORKER = "worker"
    STATIC = "static"


class DeploymentStage(enum.StrEnum):
    """The spec's deployment stage: production, or the cost-optimised `stage-1`."""

    PRODUCTION = "production"
    STAGE_1 = "stage-1"


@dataclass(frozen=True)
class Origin:
    """Where a value comes from.

    kind: `blueprint`, `recon` or `default`. evidence: `Procfile:1`, or a sentence for a default.
    """

    kind: str
    evidence: str

    @property
    def place(self) -> Place | None:
        """The line of a file that Recon read it from; None for what people wrote, and for what has no line."""
        match = re.fullmatch(r"([^\s:]+):(\d+)\b.*", self.evidence) if self.kind == "recon" else None
        return Place(match[1], int(match[2])) if match else None


@dataclass(frozen=True)
class Health:
    """Health check of a target group. Defaults are those of the spec (design.md, ALB integration).

    path None means: not known yet; the deployer looks for the spec's `/health`, else `/`.
    matcher: HTTP codes as the load balancer writes them (`200`, `200-399`, `200,301`).
    interval, timeout: seconds. healthy, unhealthy: consecutive probes.
    """

    path: str | None = None
    matcher: str = "200-399"
    interval: int = 30
    timeout: int = 5
    healthy: int = 2
    unhealthy: int = 3


@dataclass(frozen=True)
class Timeouts:
    """Seconds. start: until an application listens on its port. release: until the release command has ended."""

    start: int = 60
    release: int = 900


@dataclass(frozen=True)
class Route:
    """A listener rule: requests for this host and path go to the service. None matches everything."""

    host: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class SecretReference:
    """A secret kept elsewhere. store: `ssm`, `secretsmanager`, or `generated`: made with the stack, and named like its
    variable. key: field of a JSON secret."""

    store: str
    name: str
    key: str | None = None

    def __str__(self) -> str:
        return self.place + (f"#{self.key}" if self.key else "")

    @property
    def place(self) -> str:
        """The entry of the store, without the field."""
        return f"{self.store}:{self.name}"


@dataclass(frozen=True)
class Job:
    """What runs by the clock beside a service: with its code and variables, on its first instance. schedule: as cron
    has it, in UTC. start: shell command. timeout: seconds after which a run is ended."""

    name: str
    schedule: str
    start: str
    timeout: int = 21_600


@dataclass(frozen=True)
class Service:
    """What runs the user's code. None means that the blueprint has no value; Recon may fill it in (`resolve`).

    path: folder, relative to the blueprint, with `/`. runtime: `python 3.12`, `node 20`, `static`. install, build,
    start, release: shell commands. install and build run off the instance; release runs once per revision before
    traffic (migrations); start is the unit's command. build_on: size of the build instance that runs install and build,
    None for this machine. port: TCP port on which the application listens, which it also gets as `PORT`. static_dir:
    folder to serve for kind static, relative to `path`. pack: files to pack although they look like secrets. data:
    files and folders, relative to `path`, that last on an instance over all releases. unset: variables that stay unset
    on purpose. needed_types: resource of `needs` -> its type, from `resolve` on. instances: how many; of an Auto
    Scaling group, which `scaling` then describes, the least. jobs: what runs beside it, by name. strategy: how a
    release takes the place of the one before. colour: which of its instances are meant; no part of what people write,
    but of what is deployed.
    """

    name: str
    path: str = "."
    kind: ServiceKind | None = None
    runtime: str | None = None
    install: str | None = None
    build: str | None = None
    build_on: str | None = None
    start: str | None = None
    release: str | None = None
    port: int | None = None
    static_dir: str | None = None
    health: Health = Health()
    instances: int = 1
    scaling: Scaling | None = None
    size: str = "t3.micro"
    disk: int = 16
    os: str = "debian-12"
    env: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    unset: tuple[str, ...] = ()
    secrets: Mapping[str, SecretReference] = field(default_factory=lambda: EMPTY)
    needs: tuple[str, ...] = ()
    needed_types: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    routes: tuple[Route, ...] = ()
    pack: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    timeouts: Timeouts = Timeouts()
    jobs: tuple[Job, ...] = ()
    strategy: Strategy = field(default_factory=Strategy)
    colour: Colour = Colour.BLUE

    @property
    def language(self) -> str:
        """The first word of its runtime, `static` for pages, empty without a runtime: what a plugin that builds
        looks at."""
        return "static" if self.kind is ServiceKind.STATIC else (self.runtime or "").partition(" ")[0]

    @property
    def numbers(self) -> range:
        """The numbers of its instances that are resources of the stack, 1-based; none where a group makes them."""
        return range(1, 1 if self.scaling else self.instances + 1)

    @property
    def is_web(self) -> bool:
        """Whether the service is behind the load balancer (static files are)."""
        return self.kind is not ServiceKind.WORKER

    @property
    def listens_on(self) -> int:
        """The TCP port on which a web service listens: from the blueprint or Recon, else DEFAULT_PORT."""
        return self.port or DEFAULT_PORT


@dataclass(frozen=True)
class Resource:
    """What a service needs: a database, a bucket ... `options` follow the schema of its type, with defaults filled
    in."""

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Network:
    """egress: `nat`, `nat-per-az` or `none`. ssh_from: CIDRs that may reach port 22 directly. ssh_endpoint: as written
    (`own`, `none` or the id of an EC2 Instance Connect Endpoint), None where it is not. cidr: the VPC's, a literal
    /16."""

    egress: str = "nat"
    ssh_from: tuple[str, ...] = ()
    ssh_endpoint: str | None = None
    cidr: str = "10.0.0.0/16"


@dataclass(frozen=True)
class Check:
    """One entry of `checks` as written: kind (`http`, `database`, `tls` or a plugin's) and its options."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Blueprint:
    """A validated blueprint with the overlay of one environment applied.

    origins: dotted path (`services.web.start`) -> where its value comes from. overrides: JSON Patch operations (RFC
    6902) on the final template. domain: names of the deployment. zone: id of the hosted zone of Route 53 that they are
    in. certificate: ARN of an ACM certificate; with it, or with a zone, the load balancer listens on 443 and
    redirects 80. role_arn: of the role that CloudFormation works as, None for the caller's own rights. hours: when it
    runs, None for always. state: address where its state is kept for all machines (`s3://bucket/prefix`), None for the
    deployment's own bucket. account: of AWS that it belongs into, None for whichever the credentials are for. builds:
    whether this describes the build stack instead of the deployment: one instance for each service, to build it on
    (`hivemind.template.build_stack`). scaled: services whose number of instances is that of `hivemind scale`.
    """

    name: str
    environment: str = "production"
    stage: DeploymentStage = DeploymentStage.PRODUCTION
    region: str | None = None
    account: str | None = None
    cloud: str | None = None
    require_clean: bool = False
    on_interrupt: OnInterrupt = OnInterrupt.DETACH
    hours: Hours | None = None
    domain: tuple[str, ...] = ()
    zone: str | None = None
    certificate: str | None = None
    state: str | None = None
    role_arn: str | None = None
    services: Mapping[str, Service] = field(default_factory=lambda: EMPTY)
    resources: Mapping[str, Resource] = field(default_factory=lambda: EMPTY)
    network: Network = Network()
    checks: tuple[Check, ...] = ()
    plugins: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: EMPTY)
    tags: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    overrides: tuple[Mapping[str, Any], ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=lambda: EMPTY)
    builds: bool = False
    scaled: Mapping[str, Scaled] = field(default_factory=lambda: EMPTY)

    @property
    def jobs(self) -> Mapping[str, str]:
        """Name of each job -> the service that it runs beside."""
        return {job.name: service.name for service in self.services.values() for job in service.jobs}

    @property
    def requests_certificate(self) -> bool:
        """Whether the stack requests the certificate, and no other is named."""
        return bool(self.domain and self.zone and self.certificate is None)

    @property
    def https(self) -> bool:
        """Whether the load balancer listens on port 443."""
        return self.certificate is not None or self.requests_certificate

    @property
    def stack_name(self) -> str:
        return f"{self.name}-{self.environment}"

    @property
    def web_services(self) -> tuple[Service, ...]:
        """Services behind the load balancer, by name."""
        return tuple(self.services[name] for name in sorted(self.services) if self.services[name].is_web)

    def with_health_paths(self, paths: Mapping[str, str]) -> Blueprint:
        """The same blueprint with these health check paths, by service."""
        services = dict(self.services)
        for name, path in paths.items():
            services[name] = replace(services[name], health=replace(services[name].health, path=path))
        origins = {f"services.{one}.health.path": Origin("default", "found by asking the application") for one in paths}
        return self.with_services(services, origins)

    def with_colours(self, colours: Mapping[str, Colour]) -> Blueprint:
        """The same blueprint with these instances meant, by service."""
        services = {
            name: replace(service, colour=colours.get(name, service.colour)) for name, service in self.services.items()
        }
        return self.with_services(services, {})

    def with_services(self, services: Mapping[str, Service], origins: Mapping[str, Origin]) -> Blueprint:
        """The same blueprint with these services, and with these origins added to the known ones."""
        return replace(
            self,
            services=MappingProxyType(dict(services)),
            origins=MappingProxyType({**self.origins, **origins}),
        )
