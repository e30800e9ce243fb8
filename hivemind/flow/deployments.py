"""Deployments that this machine knows: which one a command is about."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hivemind.deploy.state import GONE, DeploymentState, Listing, StateStore, StateUnreadable
from hivemind.flow.meant import Meant, meant_by
from hivemind.machine import home
from hivemind.plan.holdings import holds_data
from hivemind.plan.model import LeftBehind
from hivemind.values.cloud import Cloud
from hivemind.values.errors import DeploymentNotFound, Refused

LISTED = "`hivemind list` shows the deployments of this machine."


@dataclass(frozen=True)
class Known:
    """A deployment with the store that its state lies in. said: where its blueprint keeps the state for all machines,
    None where it says nothing, or was not asked."""

    store: StateStore
    state: DeploymentState
    said: str | None = None

    @property
    def folder(self) -> Path:
        """Journal, lease and key are here."""
        return self.store.folder(self.state.deployment_id)

    @property
    def stack(self) -> str:
        """Id of the stack, or its name where the id is not known."""
        info = self.state.stack_info
        return (info.stack_id or info.stack_name) if info else f"{self.state.name}-{self.state.environment}"

    def cloud(self, *, start: bool = False, say: Callable[[str], None] = lambda _: None) -> Cloud:
        """The cloud that it is in. start: starts the local one when it does not run, and tells `say` a warning where
        it runs old code. Raises CloudUnreachable."""
        from hivemind.flow.clouds import connect
        from hivemind.flow.looking_ahead import require_same_account

        checkout = Path(self.state.checkout or ".")
        local = self.state.cloud == "local"
        cloud = connect(self.state.name, self.state.region, checkout, local=local, start=start, say=say)
        require_same_account(cloud, self.state.account, self.state.deployment_id)
        return cloud

    def require_changeable(self) -> None:
        """Raises Refused for a deployment that HiveMind did not make through CloudFormation."""
        if not self.state.changeable:
            raise Refused(f"HiveMind cannot change {self.state.deployment_id}", hint=self.state.instructions)


def stores() -> tuple[StateStore, ...]:
    """The stores of this user: AWS's and the local cloud's."""
    return (StateStore(home.deployments()), StateStore(home.local_cloud() / "deployments"))


def everything() -> Iterator[tuple[StateStore, Listing]]:
    """Every store with what is in it."""
    for store in stores():
        yield store, store.all()


def find(path: Path, environment: str | None, deployment: str | None, *, local: bool | None = None) -> Known | None:
    """The deployment with this id, else the one that the blueprint at `path` means; None where there is none. One that
    this machine does not know yet is asked for on AWS.

    environment: None for production. local: only those of the local cloud, or only those of AWS; None: of the cloud
    that the blueprint names, else of the one that was applied to last. Where the blueprint can't be read, the one that
    was applied from its folder in this environment is meant. Raises DeploymentNotFound for an id that is not known, and
    where several could be meant; StateUnreadable where the state of the one that is meant can't be read.
    """
    if (broken := unreadable(path, environment, deployment, local=local)) is not None:
        raise broken
    every = _every()
    if deployment is not None:
        return _by_id(every, deployment)
    meant = _meant(path, environment)
    fitting = _fitting(every, meant, local)
    newest = max(fitting, key=_last_touched, default=None)
    if newest is None:
        return _elsewhere(path, environment, local)
    same = [known for known in fitting if known.state.cloud == newest.state.cloud]
    if len(same) > 1:
        raise _ambiguous(same)
    return replace(newest, said=meant.state)


def unreadable(
    path: Path, environment: str | None, deployment: str | None, *, local: bool | None = None
) -> StateUnreadable | None:
    """The deployment that is meant, where its state cannot be read; None where it can, or there is none. Parameters are
    those of `find`."""
    broken = [(error, index == 1) for index, (_, listing) in enumerate(everything()) for error in listing.unreadable]
    if deployment is not None:
        return next((error for error, _ in broken if error.deployment_id == deployment), None)
    if not broken:
        return None
    meant = _meant(path, environment)
    if local is None and meant.cloud is not None:
        local = meant.cloud == "local"
    here = [error for error, of_local in broken if local in (None, of_local)]
    if meant.name is None:
        # It may be this folder's or another's: only the state would tell.
        return None if _fitting(_every(), meant, local) else next(iter(here), None)
    begins, ends = f"{meant.name}-{meant.environment}-", f"-{meant.region}"
    return next(
        (one for one in here if one.deployment_id.startswith(begins) and one.deployment_id.endswith(ends)), None
    )


def _elsewhere(path: Path, environment: str | None, local: bool | None) -> Known | None:
    """The deployment that is meant, where another machine made it on AWS."""
    meant = _meant(path, environment)
    if local or (local is None and meant.cloud == "local"):
        return None
    from hivemind.flow.adopting import adopted

    state = adopted(meant, path if path.is_dir() else path.parent)
    return Known(StateStore(home.deployments()), state, meant.state) if state else None


def find_one(path: Path, environment: str | None, deployment: str | None, *, local: bool | None = None) -> Known | None:
    """As `find`, for what takes a deployment away: one that stands in both clouds has to be chosen, and none where the
    folder has others is an error that names them. Raises DeploymentNotFound."""
    known = find(path, environment, deployment, local=local)
    if deployment is not None:
        return known
    if known is None:
        if others(path, environment):
            raise _not_found(path, environment)  # "nothing to do" would be believed of the others, too
        return None
    fitting = _fitting(_every(), _meant(path, environment), local)
    if len(fitting) > 1:
        raise _ambiguous(fitting)
    return known


def require(path: Path, environment: str | None, deployment: str | None, *, local: bool | None = None) -> Known:
    """As `find`, but raises DeploymentNotFound where there is none."""
    known = find(path, environment, deployment, local=local)
    if known is None:
        raise _not_found(path, environment)
    return known


def others(path: Path, environment: str | None, known: Known | None = None) -> tuple[Known, ...]:
    """What else was deployed from the folder of `path`, in any environment, region and cloud. known: the one that is
    meant. Those of the same environment come first."""
    meant = _meant(path, environment)
    beside = [
        one
        for one in _every()
        if one.state.checkout == meant.folder
        and one.state.status not in GONE
        and (known is None or one.state.deployment_id != known.state.deployment_id)
    ]
    return tuple(sorted(beside, key=lambda one: (one.state.environment != meant.environment, one.state.deployment_id)))


def _every() -> list[Known]:
    return [Known(store, state) for store, listing in everything() for state in listing.states]


def _meant(path: Path, environment: str | None) -> Meant:
    if not path.exists():
        raise DeploymentNotFound(f"no file or folder {path}", hint=LISTED)
    return meant_by(path, environment)


def _fitting(every: list[Known], meant: Meant, local: bool | None) -> list[Known]:
    if local is None and meant.cloud is not None:
        local = meant.cloud == "local"
    return [
        known
        for known in every
        if known.state.environment == meant.environment
        and local in (None, known.state.cloud == "local")
        and (known.state.checkout == meant.folder if meant.name is None else _is(known.state, meant))
    ]


def _is(state: DeploymentState, meant: Meant) -> bool:
    """Whether an apply of the blueprint would change just this deployment. On AWS it is the same from any folder; in
    the local cloud each folder has an account of its own."""
    here = state.checkout == meant.folder if state.cloud == "local" else meant.account in (None, state.account)
    return here and (state.name, state.region) == (meant.name, meant.region)


def _ambiguous(fitting: list[Known]) -> DeploymentNotFound:
    ids = ", ".join(known.state.deployment_id for known in fitting)
    clouds = {known.state.cloud for known in fitting}
    way = "Choose one: --aws, --local, or -d ID." if len(clouds) > 1 else "Choose one: -d ID."
    return DeploymentNotFound(f"several deployments could be meant: {ids}", hint=way)


def _not_found(path: Path, environment: str | None) -> DeploymentNotFound:
    meant = _meant(path, environment)
    beside = others(path, environment)
    hint = told_others(beside) if beside else "Deploy it: `hivemind apply`. List deployments: `hivemind list`."
    return DeploymentNotFound(f"nothing is deployed from {meant}", hint=hint)


def told_others(beside: Sequence[Known]) -> str:
    """Names what else was deployed from a folder, and how to mean it. beside: at least one."""
    ids = "\n".join(f"  {known.state.deployment_id} ({known.state.cloud})" for known in beside)
    return f"Also deployed from this folder:\n{ids}\nChoose one with -d ID."


def second_ones(known: Known, path: Path) -> tuple[Known, ...]:
    """Those of the same folder, environment and cloud: what another `name:` or `region:` left behind."""
    same = (known.state.environment, known.state.cloud)
    return tuple(
        one for one in others(path, known.state.environment, known) if (one.state.environment, one.state.cloud) == same
    )


def left_behind(path: Path, environment: str, cloud: str) -> tuple[LeftBehind, ...]:
    """What an apply of the blueprint at `path` would leave as it is: other names and regions of this environment that
    were deployed from the same folder to the same cloud (`aws` or `local`)."""
    meant = meant_by(path, environment)
    return tuple(
        LeftBehind(known.state.deployment_id, known.state.name, known.state.region, _holding(known.state))
        for known in others(path, environment)
        if (known.state.environment, known.state.cloud) == (environment, cloud) and not _is(known.state, meant)
    )


def _holding(state: DeploymentState) -> tuple[str, ...]:
    resources = state.recorded.template.get("Resources", {}) if state.recorded else {}
    return tuple(name for name, one in sorted(resources.items()) if holds_data(name, str(one.get("Type", "")), one))


def last_cloud(path: Path, environment: str) -> str | None:
    """The cloud of the deployment that is meant, else the one to which this environment of the folder was applied last;
    None where it never was."""
    meant = meant_by(path, environment)
    every = _every()
    here = [known for known in every if (known.state.checkout, known.state.environment) == (meant.folder, environment)]
    newest = max(_fitting(every, meant, None) or here, key=_last_touched, default=None)
    return newest.state.cloud if newest else None


def _by_id(every: list[Known], deployment: str) -> Known:
    for known in every:
        if known.state.deployment_id == deployment:
            return known
    near = difflib.get_close_matches(deployment, [known.state.deployment_id for known in every], n=1)
    hint = f"Did you mean {near[0]}?" if near else LISTED
    raise DeploymentNotFound(f"no deployment {deployment}", hint=hint)


def _last_touched(known: Known) -> float:
    try:
        return (known.folder / "state.json").stat().st_mtime
    except OSError:
        return 0.0
