"""What the user calls a repository: an address that git understands, or a folder, and a name for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

SCHEMES = ("https", "http", "ssh", "file")
_SCP = re.compile(r"(?:(?P<user>[A-Za-z0-9_][\w.-]*)@)?(?P<host>[A-Za-z0-9][\w.-]*):(?!//|:)(?P<path>[^-:].*)")
_SHORT = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_CREDENTIALS = re.compile(r"(?i)^((?:[a-z][a-z0-9+.-]{0,30}\+)?https?:/{1,3})[^/?#]*@")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Address:
    """url: as handed to git, without a password. name: of the folder to clone into. local: on this machine."""

    url: str
    name: str
    local: bool = False

    @property
    def shown(self) -> str:
        """The address for people: without a user of a web address, which may be a token."""
        return shown(self.url)


def address(repo: str) -> Address:
    """What `repo` means: https, http, ssh and file URLs, `user@host:path`, or a folder with a git repository.

    Raises HiveMindError for everything else, with what to write instead. A URL with a password in it is refused:
    it would be kept in the clone, in the shell's history and in the list of processes.
    """
    if not repo or repo.startswith("-"):
        raise _refused(f'"{_shown(repo)}" is not the address of a repository', "Write a URL or a folder.")
    scheme, separator, _ = repo.partition("::")
    if separator and re.fullmatch(r"[A-Za-z0-9+.-]+", scheme):
        raise _refused(f'"{_shown(scheme)}::" starts a program', "Write an https, ssh or file URL, or a folder.")
    if "://" in repo:
        return _url(repo)
    folder = Path(repo).expanduser()
    if folder.is_dir():
        return _folder(folder.resolve())
    matched = _SCP.fullmatch(repo)
    if matched and not _UNPRINTABLE.search(repo):
        return Address(repo, _name(matched["path"]))
    hint = "Write a URL (https://HOST/OWNER/NAME.git), user@host:path, or a folder."
    if _SHORT.fullmatch(repo):
        hint = f"This folder does not exist. To clone a repository, write its host: `https://HOST/{repo}`."
    raise HiveMindError(f"no repository at {_shown(repo)}", hint=hint, exit_code=ExitCode.NOT_FOUND)


def shown(url: str) -> str:
    """An address without what stands before the host of a web address: servers take tokens there."""
    return _CREDENTIALS.sub(r"\1", url)


def _url(repo: str) -> Address:
    if _UNPRINTABLE.search(repo):
        raise _refused(f'"{_shown(repo)}" contains spaces or control characters', "Escape them, for example as `%20`.")
    try:
        parts = urlsplit(repo)
        host, password = parts.hostname or "", parts.password
    except ValueError:
        raise _refused(f'"{_shown(repo)}" is not a URL', "For example: `https://HOST/OWNER/NAME.git`.") from None
    if parts.scheme.lower() not in SCHEMES:
        raise _refused(f'"{parts.scheme}" is not a supported scheme', f"Supported schemes: {', '.join(SCHEMES)}.")
    if password is not None:
        raise _refused(
            "the address contains a password, which would stay in the clone and in the shell's history",
            "Remove it: git asks its credential helper (`git config credential.helper`).",
        )
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        if host not in ("", "localhost") or not folder.is_dir():
            raise HiveMindError(f"no folder {_shown(unquote(parts.path))}", exit_code=ExitCode.NOT_FOUND)
        return _folder(folder)
    if not host or host.startswith("-") or (parts.username or "").startswith("-"):
        raise _refused(f'"{_shown(repo)}" has no host', "For example: `https://HOST/OWNER/NAME.git`.")
    return Address(repo, _name(parts.path))


def _folder(folder: Path) -> Address:
    if not ((folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())):
        raise HiveMindError(
            f"{_shown(str(folder))} is not a git repository",
            hint=f"Deploy the folder as it is: `hivemind init {folder} && hivemind apply {folder}`.",
            exit_code=ExitCode.NOT_FOUND,
        )
    bare = folder.parent if folder.name in {"repo", "repo.git"} else folder
    return Address(folder.resolve().as_uri(), _name(bare.name), local=True)


def _name(path: str) -> str:
    last = unquote(path.rstrip("/").rpartition("/")[2]).removesuffix(".git")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.")
    return plain[:60] or "repository"


def _shown(text: str) -> str:
    return shown(_UNPRINTABLE.sub("\ufffd", text))[:200]


def _refused(message: str, hint: str) -> HiveMindError:
    return HiveMindError(message, hint=hint, exit_code=ExitCode.USAGE)
