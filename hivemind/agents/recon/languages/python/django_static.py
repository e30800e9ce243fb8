"""Whether anything serves a Django project's static files.

The view for them "is automatically enabled by runserver (with a DEBUG setting set to True)" (Django, "The staticfiles
app"), and for production the files that collectstatic gathers have "to be moved to the static file server and served"
(https://docs.djangoproject.com/en/stable/howto/static-files/deployment/). gunicorn serves none.
"""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.detections.detection import Detection, Precedence

_SERVED = re.compile(
    r"whitenoise|dj_static|static3|servestatic|storages\b|cloudinary|S3\w*Storage|AWS_STORAGE_BUCKET|GS_BUCKET|AZURE_CONTAINER|"
    r"STATIC_URL\s*=\s*[^\n]*https?://|STATIC_HOST|CDN",
    re.IGNORECASE,
)
"""What serves them, or another host that does (WhiteNoise; django-storages)."""
UNSERVED = "Django does so with runserver alone"
"""What the doubt says."""
_VIEW = r"views\.static\s+import\s+serve|static\.serve\b|Cling\(|WhiteNoise\("
_USED = r"\{%\s*load\s+static"


def detect(folder: Folder, dependencies: Dependencies, settings: list[str]) -> list[Detection]:
    """A `doubt` where a project has static files, and nothing among its settings, URLs and dependencies serves them.
    settings: the files of its settings, what others add to last."""
    texts = {file: folder.text(file) or "" for file in settings}
    whole = "\n".join(texts.values())
    if (
        "django.contrib.staticfiles" not in whole
        or _SERVED.search(whole)
        or dependencies.has("whitenoise", "dj-static")
    ):
        return []
    if not _has_some(folder, whole):
        return []
    files = [file for file in folder.sources(".py", most=400) if re.search(r"(?:^|/)(?:urls|wsgi|asgi)\b[^/]*$", file)]
    if any(folder.line(file, _VIEW) for file in files):
        return []
    file = next((each for each, text in texts.items() if "STATIC_URL" in text), settings[0])
    match = re.search(r"^\s*STATIC_URL\s*=\s*[\"']([^\"'{]+)[\"'][ \t]*(?:#.*)?$", whole, re.MULTILINE)
    url = "/" + match[1].strip("/") + "/" if match else "/static/"
    root = (
        "" if re.search(r"^\s*STATIC_ROOT\s*=", whole, re.MULTILINE) else ', `STATIC_ROOT = BASE_DIR / "staticfiles"`'
    )
    message = f"nothing serves {url}: {UNSERVED}, so pages have neither styles nor scripts"
    help_ = (
        f"Add whitenoise to the dependencies, and to the settings{root} and "
        '"whitenoise.middleware.WhiteNoiseMiddleware" below SecurityMiddleware in MIDDLEWARE.'
    )
    line = folder.line(file, r"STATIC_URL") or 1
    return [Detection("doubt", message, folder.in_repository(file), line, Precedence.CODE, 0.9, help_)]


def _has_some(folder: Folder, settings: str) -> bool:
    """Whether there are static files: Django's admin has some, an application its own."""
    if "django.contrib.admin" in settings or any("/static/" in f"/{file}" for file in folder.files):
        return True
    templates = [file for file in folder.files if file.endswith(".html")][:200]
    return any(folder.line(file, _USED) for file in templates)
