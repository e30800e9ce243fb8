"""Who builds what, as the plugins say, and what they find on it before a plan releases anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hivemind.plugins.fingerprint import fingerprint
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.plugins.loading import Plugins
    from hivemind.repositories.repository import Repository
    from hivemind.values.artifact import Platform

BUILD = "hivemind_build"


@dataclass(frozen=True)
class Builders:
    """runtimes: plugin that builds -> first words of `runtime` that it builds; None where it does not say, so that it
    may build any. digests: plugin that builds and does not come with HiveMind -> digest over its version and files."""

    runtimes: Mapping[str, frozenset[str] | None]
    digests: Mapping[str, str]

    def of(self, service: Service) -> tuple[str, ...]:
        """The plugins that may build a service, by name."""
        asked = {service.language, (service.runtime or "").partition(" ")[0]}
        return tuple(name for name, words in sorted(self.runtimes.items()) if words is None or words & asked)

    def digests_of(self, service: Service) -> Mapping[str, str]:
        """What of these plugins is part of the service's input digest: as BuildPlace.builders has it."""
        return {name: self.digests[name] for name in self.of(service) if name in self.digests}


def builders(plugins: Plugins) -> Builders:
    """Asks the plugins that build (`hivemind_runtimes`), and reads the files of those that do not come with HiveMind.

    Raises PluginError for the one that fails.
    """
    said = {one.plugin: frozenset(one.result) for one in plugins.collect("hivemind_runtimes")}
    building = [one for one in plugins.list() if BUILD in one.hooks]
    return Builders(
        {one.name: said.get(one.name) for one in building},
        {one.name: fingerprint(one) for one in building if one.source != "builtin"},
    )


def review(
    blueprint: Blueprint,
    services: Iterable[str],
    repository: Repository,
    platforms: Mapping[str, Platform],
    *,
    plugins: Plugins,
    who: Builders,
) -> Iterator[Finding]:
    """What all plugins find on some of the services before they are built (`hivemind_review`), and those of them that
    no plugin builds. platforms: by service. who: builds what. A plugin that fails becomes a finding that names it."""
    chosen = {name: blueprint.services[name] for name in sorted(services)}
    yield from (_unknown(blueprint, service) for service in chosen.values() if not who.of(service))
    answers, failures = plugins.gather(
        "hivemind_review",
        blueprint=replace(blueprint, services=chosen),
        repository=repository,
        platforms={name: platforms[name] for name in chosen},
    )
    for answer in answers:
        for finding in answer.result:
            yield replace(finding, plugin=answer.plugin) if finding.plugin == "hivemind" else finding
    yield from (failure.as_finding(Severity.ERROR) for failure in failures)


def _unknown(blueprint: Blueprint, service: Service) -> Finding:
    path = f"services.{service.name}.runtime"
    origin = blueprint.origins.get(path)
    said = service.build or "COMMAND"
    hint = (
        f"Write `runtime: shell`, `build: {said}` and `start: {service.start or 'COMMAND'}`. "
        "The result of `build` must run on the instance without a runtime."
    )
    message = f"HiveMind cannot build {service.runtime or 'a service without a runtime'}"
    return Finding("H506", Severity.ERROR, message, origin.place if origin else None, hint, path=path)
