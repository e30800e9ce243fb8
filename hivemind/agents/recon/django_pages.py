"""Static files of a Django project that nothing serves: where HiveMind itself chose how to start it, WhiteNoise does.

WhiteNoise is a WSGI application around another (its documentation, "Using WhiteNoise with any WSGI application"), so
that no settings change. Django's own view is for development alone (Django, "How to manage static files"). What is
added is in the commands, where a person sees it and can write others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from hivemind.agents.recon.languages.python.django_static import UNSERVED
from hivemind.detections.detection import LIKELY, Detection, best

MODULE = "hivemind_wsgi"
_STARTS = re.compile(r"gunicorn (?P<module>[A-Za-z_][\w.]{0,120}):application(?P<rest>(?: .*)?)")
_COLLECTS = "collectstatic"


def served(found: Sequence[Detection]) -> list[Detection]:
    """The detections, with WhiteNoise in `install`, `build` and `start` in the place of the doubt that it answers. As
    they are where the repository itself says how it starts, or collects no files."""
    doubts = [each for each in found if each.field == "doubt" and UNSERVED in str(each.value)]
    start, build, install = (
        best(found, field, language="python", least=LIKELY) for field in ("start", "build", "install")
    )
    match = _STARTS.fullmatch(str(start.value)) if start else None
    if not doubts or match is None or start is None or build is None or install is None:
        return list(found)
    if not start.file.endswith("wsgi.py") or _COLLECTS not in str(build.value):
        return list(found)
    lines = (
        "from django.conf import settings",
        "from whitenoise import WhiteNoise",
        f"from {match['module']} import application as wrapped",
        "application = WhiteNoise(wrapped, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)",
    )
    written = " ".join(f"'{line}'" for line in lines)
    note = "WhiteNoise serves the static files"
    plain = str(install.value).rpartition("&& ")[2].startswith("pip install")
    changed = {
        start: replace(start, value=f"gunicorn {MODULE}:application{match['rest']}"),
        build: replace(build, value=f"{build.value} && printf '%s\\n' {written} > {MODULE}.py", note=note),
        install: replace(install, value=f"{install.value}{'' if plain else ' && pip install'} whitenoise", note=note),
    }
    return [changed.get(each, each) for each in found if each not in doubts]
