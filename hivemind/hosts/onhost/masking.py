"""What is hidden in a service's log."""

from __future__ import annotations

import contextlib

from hivemind.hosts.onhost import environment_file, job_records
from hivemind.hosts.onhost.layout import Layout
from hivemind.hosts.onhost.report import Reporter


def masking(layout: Layout) -> Reporter:
    """Hides the secrets of every release that is here: a log goes back further than the current one. A job has those of
    its service."""
    job = job_records.known(layout)
    if job is not None:
        layout = layout._replace(service=str(job["service"]))
    secrets: list[str] = []
    for release in layout.complete():
        with contextlib.suppress(OSError):
            secrets += environment_file.hidden_values(release.environment.read_text())
    return Reporter(secrets)
