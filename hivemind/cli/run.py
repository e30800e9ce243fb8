"""`hivemind run`: a command beside the application."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option


@click.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@local_option
@deployment_option
@click.option("--service", metavar="NAME", help="Service of the instance. Default: the first.")
@click.option("-i", "--instance", metavar="ID|N", help="EC2 id or number of the instance. Default: the first.")
@click.option("--job", metavar="NAME", help="Run this job now, instead of a command.")
@click.argument("words", nargs=-1, metavar="[COMMAND...]")
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    service: str | None,
    instance: str | None,
    job: str | None,
    words: tuple[str, ...],
) -> int:
    """Run COMMAND on an instance and exit with its exit code; without COMMAND, open a shell.

    It runs in the folder of the current release, with the application's variables and secrets, as the application's
    user: `hivemind run python manage.py createsuperuser`. Quote a command for the shell: `hivemind run 'ls | wc -l'`.
    It is a process of its own beside the application, outside of its limits and restarts, and ends with the connection.
    The journal records who ran what. Its output is not masked. `hivemind exec SERVICE -- COMMAND` names the service
    first, and runs on all its instances with --all.

    With --job, a job runs now, as its schedule would run it, and its log is shown until it ends. It goes on if the
    connection ends. At most one run of a job goes on at a time.
    """
    if job is not None:
        if words or service or instance:
            raise click.UsageError("--job takes neither a command nor --service nor --instance.")
        return pipeline.run_job(asked(Path(), environment, local, deployment), job)
    return pipeline.execute(asked(Path(), environment, local, deployment), service, instance, words, verb="run")
