"""Which account of the local cloud a checkout's deployment lives in, so that two checkouts don't meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from hivemind.local.files import locked, read_json, write_json


@dataclass(frozen=True)
class Account:
    """number: 12 digits; it is the access key too. checkout: folder of the blueprint. name: of the deployment."""

    number: str
    checkout: str
    name: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def accounts(directory: Path) -> tuple[Account, ...]:
    """Accounts in use, in the order in which they were given. directory: the local cloud's data."""
    return tuple(Account(**entry) for entry in read_json(directory / "accounts.json", []))


def account_for(checkout: Path, name: str, directory: Path) -> str:
    """The account of a checkout's deployment `name`: 000000000000, or the next number when another checkout
    has a deployment of that name there. Given once, it stays; those of folders that are gone are given anew."""
    place = str(checkout.resolve())
    path = directory / "accounts.json"
    with locked(directory / "accounts.lock"):
        known = accounts(directory)
        for account in known:
            if (account.checkout, account.name) == (place, name):
                return account.number
        kept = [account for account in known if account.name != name or Path(account.checkout).is_dir()]
        taken = {account.number for account in kept if account.name == name}
        number = next(number for number in _numbers() if number not in taken)
        write_json(path, [account.as_json() for account in (*kept, Account(number, place, name))])
        return number


def _numbers() -> Iterator[str]:
    return (f"{number:012d}" for number in count())
