"""What the local cloud's region offers: images, instance types, sizes and versions of databases and caches."""

from __future__ import annotations

import re

from hivemind.blueprint.engines import MARIADB, MYSQL, nearest_line

IMAGES = (
    ("ami-0d12b0c0de12a0001", "debian-12-amd64-20260901-2222", "Debian 12 (20260901-2222)", "136693071363", "amazon"),
    ("ami-0d12b0c0de12b0002", "debian-12-arm64-20260901-2222", "Debian 12 (20260901-2222)", "136693071363", "amazon"),
    ("ami-0d13b0c0de13a0007", "debian-13-amd64-20260901-2222", "Debian 13 (20260901-2222)", "136693071363", "amazon"),
    ("ami-0d13b0c0de13b0008", "debian-13-arm64-20260901-2222", "Debian 13 (20260901-2222)", "136693071363", "amazon"),
    (
        "ami-0a12023c0de120003",
        "al2023-ami-2023.9.20260901.0-kernel-6.1-x86_64",
        "Amazon Linux 2023 AMI",
        "137112412989",
        "amazon",
    ),
    (
        "ami-0a12023c0de1b0004",
        "al2023-ami-2023.9.20260901.0-kernel-6.1-arm64",
        "Amazon Linux 2023 AMI",
        "137112412989",
        "amazon",
    ),
    (
        "ami-0b2404c0de1200005",
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260901",
        "Canonical, Ubuntu, 24.04, amd64 noble image",
        "099720109477",
        "amazon",
    ),
    (
        "ami-0b2404c0de12b0006",
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20260901",
        "Canonical, Ubuntu, 24.04, arm64 noble image",
        "099720109477",
        "amazon",
    ),
)
"""(id, name, description, owner, owner alias). All of them are this machine in the end."""

IMAGE_PARAMETERS = {
    "/aws/service/debian/release/12/latest/amd64": IMAGES[0][0],
    "/aws/service/debian/release/12/latest/arm64": IMAGES[1][0],
    "/aws/service/debian/release/13/latest/amd64": IMAGES[2][0],
    "/aws/service/debian/release/13/latest/arm64": IMAGES[3][0],
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": IMAGES[4][0],
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64": IMAGES[5][0],
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": IMAGES[6][0],
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id": IMAGES[7][0],
}

_SIZES = r"(nano|micro|small|medium|large|xlarge|\d{1,2}xlarge|metal|metal-\d{2}xl)"
_INSTANCE_TYPE = re.compile(
    r"(t[1-4]g?|t3a|m[1-8][aginedfz-]*|c[1-8][aginedf-]*|r[3-8][aginedbz-]*|x[12][a-z]*|i[2-8][a-z]*|d[23][a-z]*"
    r"|g[3-6][a-z]*|p[2-5][a-z]*|inf[12]|trn[12]n?|z1d|h1|f[12]|u[a-z0-9-]*)\." + _SIZES
)
_DB_CLASS = re.compile(r"db\.(t[2-4]g?|m[3-8][a-z]*|r[3-8][a-z]*|x[12][a-z]*|c6gd)\." + _SIZES)
_CACHE_NODE = re.compile(r"cache\.(t[2-4]g?|m[3-9][a-z]*|r[3-9][a-z]*|c[7-9]gn)\." + _SIZES)
_T_SIZES = {"nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"}

POSTGRES_MAJORS = range(13, 19)
LINES = {"mysql": MYSQL, "mariadb": MARIADB}
"""Engine -> its lines of releases."""
CACHE_VERSIONS = {
    "redis": ("4.0.10", "5.0.6", "6.0", "6.2", "7.0", "7.1"), "valkey": ("7.2", "8.0", "8.1", "8.2", "9.0", "9.1"),
}  # fmt: skip
"""Engine of ElastiCache -> its versions."""
RESERVED_MASTER_NAMES = frozenset({"admin", "rdsadmin", "postgres_rds", "rds_superuser", "public"})


def is_instance_type(name: str) -> bool:
    """Whether EC2 has such a type, by its naming rules (EC2 instance types, "Naming conventions")."""
    family, _, size = name.partition(".")
    return bool(_INSTANCE_TYPE.fullmatch(name)) and (family[0] != "t" or size in _T_SIZES)


def is_db_class(name: str) -> bool:
    """Whether RDS for PostgreSQL has such a DB instance class, by its naming rules."""
    family, _, size = name.removeprefix("db.").partition(".")
    if not _DB_CLASS.fullmatch(name) or size in {"nano", "metal"}:
        return False
    return size in _T_SIZES if family[0] == "t" else size not in {"micro", "small", "medium"}


def is_cache_node(name: str) -> bool:
    """Whether ElastiCache has such a node type, by its naming rules."""
    family, _, size = name.removeprefix("cache.").partition(".")
    if not _CACHE_NODE.fullmatch(name) or size in {"nano", "metal"}:
        return False
    return size in {"micro", "small", "medium"} if family[0] == "t" else size not in {"micro", "small", "medium"}


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def is_arm(instance_type: str) -> bool:
    """Whether the type's processors are AWS Graviton: a `g` after the generation's digit."""
    return bool(re.match(r"(a1|[a-z]+\d+[a-z]*g[a-z]*)\.", instance_type)) and not re.match(r"g\d", instance_type)


def image_is_arm(image: str) -> bool:
    return any(ami == image and "arm64" in name for ami, name, *_ in IMAGES)


def is_engine_version(version: str, engine: str = "postgres") -> bool:
    """Whether RDS offers this version of an engine: `16` or `16.4` of PostgreSQL, `8.4` or `8.4.8` of MySQL."""
    if engine in LINES:
        return nearest_line(version, LINES[engine]) is None
    major, _, minor = version.partition(".")
    return major.isdigit() and int(major) in POSTGRES_MAJORS and (not minor or minor.isdigit())
