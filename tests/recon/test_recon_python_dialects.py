"""Which scheme the address of a database must have for an application's driver."""

from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast
ENGINE = "import os\nfrom x import create_async_engine\nengine = create_async_engine(os.environ['DATABASE_URL'])\n"
PLAIN = "import os\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\n"


@pytest.mark.parametrize(
    ("drivers", "code", "scheme"),
    [
        ("sqlalchemy asyncpg", ENGINE, "postgresql+asyncpg"),
        ("sqlmodel asyncpg psycopg2-binary", ENGINE, "postgresql+asyncpg"),
        ("sqlalchemy psycopg[binary]", ENGINE, "postgresql+psycopg"),
        ("sqlalchemy psycopg[binary]", PLAIN, "postgresql+psycopg"),
        ("flask-sqlalchemy pg8000", PLAIN, "postgresql+pg8000"),
        ("sqlalchemy psycopg2", PLAIN, None),
        ("sqlalchemy psycopg2 psycopg", PLAIN, None),
        ("asyncpg", "import asyncpg\n", None),
        ("sqlalchemy asyncpg", ENGINE + "url.replace('postgresql://', 'postgresql+asyncpg://')\n", None),
        ("sqlalchemy asyncpg", ENGINE + "MultiHostUrl.build(scheme='postgresql+asyncpg')\n", None),
    ],
)
def test_the_scheme_follows_the_driver(tmp_path: Path, drivers: str, code: str, scheme: str | None) -> None:
    found = seen(tmp_path, {"requirements.txt": "fastapi\n" + drivers.replace(" ", "\n"), "db.py": code})
    assert found.value("url_scheme") == scheme
