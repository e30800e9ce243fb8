"""The command line: global options, the table of commands, and what becomes of errors."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence

import click

from hivemind.cli.lazy import LazyGroup
from hivemind.values.asked import PluginChoice
from hivemind.values.errors import FindingsError, HiveMindError
from hivemind.values.exits import ExitCode
from hivemind.values.state_address import VARIABLE
from hivemind.values.version import __version__

COMMANDS = {
    "init": ("hivemind.cli.init:command", "Write a hivemind.yaml for a repository."),
    "validate": ("hivemind.cli.validate:command", "Check hivemind.yaml and its template."),
    "show": ("hivemind.cli.show:command", "Print every value of the blueprint and its origin."),
    "template": ("hivemind.cli.template:command", "Print the CloudFormation template."),
    "plan": ("hivemind.cli.plan:command", "Show what apply would change."),
    "apply": ("hivemind.cli.apply:command", "Create or update the deployment, release and verify it."),
    "deploy": ("hivemind.cli.deploy:command", "Clone a repository, write its hivemind.yaml and apply it."),
    "status": ("hivemind.cli.status:command", "Show the state of a deployment."),
    "drift": ("hivemind.cli.drift:command", "Show what differs from the deployment's template."),
    "list": ("hivemind.cli.list:command", "List deployments."),
    "adopt": ("hivemind.cli.adopt:command", "Make the record of a deployment anew."),
    "history": ("hivemind.cli.history:command", "List the revisions of a deployment."),
    "releases": ("hivemind.cli.history:command", "Same as history."),
    "events": ("hivemind.cli.events:command", "Print a deployment's journal."),
    "logs": ("hivemind.cli.logs:command", "Print the application's logs."),
    "open": ("hivemind.cli.open:command", "Open the deployment's address in a browser."),
    "ssh": ("hivemind.cli.ssh:command", "Open a shell or run a command on an instance."),
    "keys": ("hivemind.cli.keys:command", "Rotate the SSH key of a deployment."),
    "run": ("hivemind.cli.run:command", "Run a command beside the application, with its variables."),
    "exec": ("hivemind.cli.exec:command", "Run a command in the release of a service."),
    "console": ("hivemind.cli.console:command", "Open the framework's console, or a shell."),
    "restart": ("hivemind.cli.restart:command", "Restart the application, one instance after another."),
    "scale": ("hivemind.cli.scale:command", "Give services another number of instances."),
    "maintenance": (
        "hivemind.cli.maintenance:command",
        "Show a maintenance page in place of the application, or end it.",
    ),
    "proxy": ("hivemind.cli.proxy:command", "Lead a port of this machine to a database or cache."),
    "db": ("hivemind.cli.db:command", "Open a database client on a database or cache."),
    "verify": ("hivemind.cli.verify:command", "Run the checks of a deployment again."),
    "attach": ("hivemind.cli.attach:command", "Follow what is under way in a deployment."),
    "abort": ("hivemind.cli.abort:command", "Cancel what is under way in a deployment's stack."),
    "lock": ("hivemind.cli.lock:command", "Show or release the lock that a run holds on a deployment."),
    "rollback": ("hivemind.cli.rollback:command", "Return to the last good revision."),
    "destroy": ("hivemind.cli.destroy:command", "Delete a deployment."),
    "env": ("hivemind.cli.env:command", "Show the variables of services, or what of them would change."),
    "secrets": ("hivemind.cli.secrets:command", "List, store or delete the secrets of hivemind.yaml."),
    "recon": ("hivemind.cli.recon:command", "Print what HiveMind finds in a repository."),
    "iam-policy": ("hivemind.cli.iam_policy:command", "Print the IAM policy that the blueprint needs."),
    "schema": ("hivemind.cli.schema:command", "Print the JSON Schema of hivemind.yaml."),
    "explain": ("hivemind.cli.explain:command", "Explain a finding."),
    "artifacts": ("hivemind.cli.artifacts:command", "List or delete build artifacts on this machine."),
    "plugins": ("hivemind.cli.plugins:command", "List plugins and their hooks."),
    "local": ("hivemind.cli.local:command", "Start, stop, show or reset the local cloud."),
}

GARBAGE = 100_000
"""Objects made before garbage is looked for. What a command loads stays to its end; with Python's 700 a tenth of its
time goes into looking through that again and again."""

COMPLETION = "_HIVEMIND_COMPLETE"
"""Set by the shell when it asks for completions."""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Run `hivemind COMMAND --help` for the options of a command.",
)
@click.option("-C", "--directory", metavar="DIR", help="Run in DIR.")
@click.option("-p", "plugins", metavar="NAME", multiple=True, help="Load plugin NAME. -p no:NAME disables one.")
@click.option("--state", metavar="ADDRESS", help="Keep the state at s3://BUCKET/PREFIX. Or set HIVEMIND_STATE.")
@click.option(
    "--profile",
    metavar="NAME",
    expose_value=False,
    callback=lambda _, __, name: _use_profile(name),
    help="Use this AWS profile, whatever the environment says.",
)
@click.option("--no-plugins", is_flag=True, help="Load only built-in plugins.")
@click.version_option(__version__, "--version", "-V", prog_name="hivemind", message="%(prog)s %(version)s")
@click.pass_context
def group(
    ctx: click.Context, directory: str | None, plugins: tuple[str, ...], state: str | None, no_plugins: bool
) -> None:
    """Deploy an application, described by hivemind.yaml, to AWS or to a local cloud on this machine."""
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise click.BadParameter(f"{directory}: {error.strerror}", param_hint="-C") from None
    if state is not None:
        _keep_state_in(ctx, state)
    blocked = tuple(name.removeprefix("no:") for name in plugins if name.startswith("no:"))
    if blocked:
        from hivemind.plugins.essential import refuse_essential

        refuse_essential(blocked)
    ctx.obj = PluginChoice(
        names=tuple(name for name in plugins if not name.startswith("no:")), blocked=blocked, third_party=not no_plugins
    )


def _use_profile(name: str | None) -> None:
    if name is not None:
        from hivemind import pipeline

        pipeline.use_profile(name)


def _keep_state_in(ctx: click.Context, address: str) -> None:
    """The option is the environment variable, for this command and what it starts."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = address

    def restore() -> None:
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before

    ctx.call_on_close(restore)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code (hivemind/values/exits.py). Prints every error, raises none.

    Commands return an ExitCode, or nothing for OK.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    gc.set_threshold(GARBAGE)
    try:
        code = _run(given)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        from hivemind.cli.paragraphs import folded

        click.echo(folded(str(error).splitlines() or ["Interrupted."]), err=True)
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except HiveMindError as error:
        code = _report(error, as_json=_wants_json(given))
    except BrokenPipeError:
        code = _reader_gone()
    except Exception as error:
        code = _unforeseen(error, given)
        if code is None:
            raise
    return code if isinstance(code, int) else ExitCode.OK


def _run(arguments: Sequence[str]) -> object:
    """What `click.Group.main` does, except that errors are left to us."""
    if COMPLETION in os.environ:
        group.main(prog_name="hivemind")
    with group.make_context("hivemind", list(arguments), color=_color()) as ctx:
        return group.invoke(ctx)


def _report(error: HiveMindError, *, as_json: bool) -> int:
    from hivemind.cli import failures

    try:
        with click.Context(group, color=_color()):
            if error.exit_code is ExitCode.INVALID:
                error = _with_what_runs(error)
            if isinstance(error, FindingsError):
                from hivemind.cli.findings import render

                render(error.findings, as_json=as_json)
            elif as_json:
                failures.print_json(error)
            else:
                failures.print_text(error)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except OSError as unwritable:
        if not _is_of_output(unwritable):
            raise
        return _output_gone(unwritable)
    if os.environ.get("HIVEMIND_DEBUG") and not _is_told(error):
        import traceback

        traceback.print_exception(error)
    return error.exit_code


def _with_what_runs(error: HiveMindError) -> HiveMindError:
    """Where the state of a deployment can't be read, what is deployed all the same."""
    from hivemind import pipeline

    return pipeline.told_unreadable(error) if isinstance(error, pipeline.StateUnreadable) else error


def _is_told(error: HiveMindError) -> bool:
    """Whether the traceback is a plugin's, which is shown when it fails, from its first frame on."""
    from hivemind.plugins.calling import PluginError

    return isinstance(error, PluginError) and error.__cause__ is not None


def _unforeseen(error: Exception, given: list[str]) -> int | None:
    """A machine that can't be written to is the user's to mend; everything else is a defect of ours.

    None: whoever debugs HiveMind wants the exception.
    """
    from hivemind.cli import defect, failures

    if isinstance(error, OSError) and _is_of_output(error):
        return _output_gone(error)
    known = failures.of_this_machine(error)
    if known is not None:
        return _report(known, as_json=_wants_json(given))
    if os.environ.get("HIVEMIND_DEBUG"):
        return None
    return defect.report(error, given)


def _color() -> bool | None:
    """False where colour is unwelcome even in a terminal; None: as click finds the stream."""
    unwelcome = any(os.environ.get(name) for name in ("CI", "NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return False if unwelcome else None


def _reader_gone() -> int:
    """Whoever read our output stopped reading (`hivemind list | head`): no message, nothing more to write."""
    _write_nowhere()
    return ExitCode.PIPE


def _is_of_output(error: OSError) -> bool:
    """Whether it is standard output that can't be written to, and no file of ours: click writes to it."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_globals.get("__name__") in {"click.utils", __name__}


def _output_gone(error: OSError) -> int:
    """Standard output leads to a full disk, or to what takes nothing: one line that says so."""
    _write_nowhere()
    with contextlib.suppress(OSError):
        print(f"error: standard output: {error.strerror}", file=sys.stderr)
    return ExitCode.UNREACHABLE


def _write_nowhere() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _wants_json(arguments: Sequence[str]) -> bool:
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in own


if __name__ == "__main__":
    sys.exit(main())
