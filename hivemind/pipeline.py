"""The flow on one screen. Read this first: each name below is what a face calls or gets, with its home in flow/.

A face (cli/, web/, a test) makes an `Asked` of what a person wants (values/asked) and implements `Face`, by which the
flow tells what happens and asks before anything changes. Names are imported when they are first used.
"""

from hivemind.values.lazy import on_first_use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hivemind.deploy.drift import Drift, Drifted
    from hivemind.deploy.state import DeploymentState, Revision, StateUnreadable
    from hivemind.flow.adoption import Adopted, adopt
    from hivemind.flow.apply import Applied
    from hivemind.flow.artifacts import Kept, build_logs, kept, kept_limit, prune, store
    from hivemind.flow.carrying_through import Ended, apply
    from hivemind.flow.checking import Checked, check
    from hivemind.flow.cloning import clone, described, settled
    from hivemind.flow.clouds import region_of
    from hivemind.flow.detecting import seen
    from hivemind.flow.drafting import Initial, initial, named_in, write, written_before
    from hivemind.flow.environments import Changed, Compared, between, environment, next_changes
    from hivemind.flow.executing import Executed, console, execute, execute_on_all
    from hivemind.flow.face import (
        Decision,
        Face,
        Proposal,
        ProposedAbort,
        ProposedApply,
        ProposedDestroy,
        ProposedReturn,
        ProposedStep,
        ProposedUnlock,
        ProposedUnset,
    )
    from hivemind.flow.instances import logs, shell
    from hivemind.flow.jobs import run_job
    from hivemind.flow.local_cloud import (
        RESTART,
        Fault,
        FaultKind,
        Running,
        find_local_cloud,
        local_authority,
        local_cloud_folder,
        require_local_cloud,
        reset_local_cloud,
        start_local_cloud,
        stop_local_cloud,
    )  # fmt: skip
    from hivemind.flow.locking import Locks, lock, unlock
    from hivemind.flow.maintaining import maintenance_page, switch_maintenance
    from hivemind.flow.permissions import Permissions, permissions
    from hivemind.flow.previewing import Planned, plan
    from hivemind.flow.project import blueprint_file, loaded, loaded_without
    from hivemind.flow.proxying import Way, way_to
    from hivemind.flow.rebuilding import told_unreadable
    from hivemind.flow.reporting import Status, address, deployments, drift, events, history, status
    from hivemind.flow.restarting import restart
    from hivemind.flow.returning import Returned
    from hivemind.flow.rotating import new_key
    from hivemind.flow.running_releases import RunningRelease
    from hivemind.flow.scaling import Rescaled, kept_numbers, scale
    from hivemind.flow.schemas import schema_of, write_schema
    from hivemind.flow.secrets import Secret, secrets, store_secret, store_secrets, unset_secret
    from hivemind.flow.status import InstanceStatus, LiveStatus
    from hivemind.flow.taking_away import Destroyed, destroy, destruction, rollback
    from hivemind.flow.under_way import Ending, abort, attach
    from hivemind.flow.verifying import Verified, verify
    from hivemind.machine.aws_profile import use_profile
    from hivemind.machine.home import home
    from hivemind.plugins.loading import Plugins
    from hivemind.releases.jobs import JobState
    from hivemind.releases.variables import Variable
    from hivemind.repositories.clone import Clone
    from hivemind.template.maintenance import Maintenance

__getattr__ = on_first_use(
    globals(),
    {
        "flow.checking": ("check",),  # load, validate, resolve, assemble and lint: all that needs no cloud
        "flow.previewing": ("plan",),  # check, then compare with the cloud, what was recorded, or nothing
        "flow.carrying_through": ("apply",),  # check, plan, ask; then steps: stack, builds, release, traffic, checks
        "flow.verifying": ("verify",),  # the checks again
        "flow.taking_away": ("Destroyed", "destruction", "destroy", "rollback"),  # list, ask, drain, delete, forget
        "flow.under_way": ("attach", "abort"),  # what goes on without this command: follow it, take it back
        "flow.face": (
            "Decision", "Proposal", "ProposedAbort", "ProposedApply", "ProposedDestroy", "ProposedReturn",
            "ProposedStep", "ProposedUnlock", "ProposedUnset",
        ),
        "flow.reporting": ("status", "address", "deployments", "drift", "events", "history"),  # what is deployed
        "flow.locking": ("lock", "unlock"),  # which run holds it
        "flow.maintaining": ("maintenance_page", "switch_maintenance"),  # the load balancer's answer in its place
        "flow.restarting": ("restart",),
        "flow.scaling": ("kept_numbers", "scale"),  # numbers of instances
        "flow.rotating": ("new_key",),
        "flow.secrets": ("secrets", "store_secret", "store_secrets", "unset_secret"),  # where its blueprint keeps them
        "flow.adoption": ("adopt",),  # its record on this machine, anew
        "flow.rebuilding": ("told_unreadable",),  # what runs where the record can't be read
        "flow.instances": ("logs", "shell"),  # what runs on it
        "flow.environments": ("between", "environment", "next_changes"),  # variables of services
        "flow.executing": ("console", "execute", "execute_on_all"),  # commands in its present release
        "flow.proxying": ("Way", "way_to"),  # a port of this machine that leads to a database
        "flow.jobs": ("run_job",),
        "flow.detecting": ("seen",),  # what a folder is
        "flow.drafting": ("initial", "named_in", "write", "written_before"),  # the blueprint of a folder without one
        "flow.cloning": ("clone", "described", "settled"),  # from the address of a repository to such a folder
        "flow.permissions": ("permissions",),  # what the blueprint needs on AWS
        "flow.schemas": ("schema_of", "write_schema"),  # what a blueprint may say
        "flow.project": ("blueprint_file", "loaded", "loaded_without"),  # what a path means, and its plugins
        "flow.clouds": ("region_of",),
        "deploy.state": ("StateUnreadable",),
        "flow.artifacts": ("build_logs", "kept", "kept_limit", "prune", "store"),  # what builds keep on this machine
        "flow.local_cloud": (
            "RESTART", "Fault", "FaultKind", "find_local_cloud", "local_authority", "local_cloud_folder",
            "require_local_cloud", "reset_local_cloud", "start_local_cloud", "stop_local_cloud",
        ),
        "machine.aws_profile": ("use_profile",),
        "machine.home": ("home",),
    },
)  # fmt: skip
