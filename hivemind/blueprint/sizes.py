"""EC2, RDS and ElastiCache sizes and regions that are known, so that a misspelt one is found at once.

Source: the API models of EC2 and the endpoint list in botocore 1.40 and later; cfn-lint's list of CacheNodeType. A
family that is not here may be newer than this list: see formats.py for what follows from that.
"""

from __future__ import annotations

# families: the sizes they come in
_SIZES = """\
c8a c8g c8gb c8gd c8gn m8a m8g m8gb m8gd m8gn m9g r8a r8g r8gd r8gn x8g: medium large xlarge 2xlarge 4xlarge 8xlarge
    12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl
c8i c8ib c8id c8in m8i m8ib m8id m8idb m8idn m8in r8i r8ib r8id r8idb r8idn r8in: large xlarge 2xlarge 4xlarge
    8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge metal-48xl metal-96xl
c6g c6gd c7g c7gd c7gn m6g m6gd m7g m7gd r6g r6gd r7g r7gd x2gd: medium large xlarge 2xlarge 4xlarge 8xlarge
    12xlarge 16xlarge metal
c6i c6id c6in i4i m6i m6id m6idn m6in r6i r6id r6idn r6in: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
    24xlarge 32xlarge metal
m5 m5d m5dn m5n r5 r5b r5d r5dn r5n: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal
mac-m3ultra mac-m4 mac-m4max mac-m4pro mac1 mac2 mac2-m1ultra mac2-m2 mac2-m2pro: metal
c5a c5ad m5a m5ad r5a r5ad: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge
dl1 dl2q p3dn p4d p4de: 24xlarge
hpc6a p5e p5en p6-b200 p6-b300: 48xlarge
c7i i7i m7i m9gd r7i: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl
c7i-flex c8i-flex m7i-flex m8i-flex r8i-flex: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
u7i-12tb u7ib-12tb u7in-16tb u7in-24tb u7in-32tb: 224xlarge
c9g c9gd r9g r9gd: medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-48xl
cc1 cg1 gr6f hi1: 4xlarge
t2 t3 t3a t4g: nano micro small medium large xlarge 2xlarge
u-12tb1 u-18tb1 u-24tb1 u-9tb1: 112xlarge metal
c3 c4 r3: large xlarge 2xlarge 4xlarge 8xlarge
cc2 cr1 hs1: 8xlarge
d2 d3 i2: xlarge 2xlarge 4xlarge 8xlarge
g5 g6 g6e: xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
i4g im4gn r4: large xlarge 2xlarge 4xlarge 8xlarge 16xlarge
c6a m6a r6a: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal
c7a m7a r7a: medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal-48xl
c5 c5d: large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal
g3 hpc7g: 4xlarge 8xlarge 16xlarge
g7 g7e: 2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge
hpc6id trn1n: 32xlarge
i7ie i8ge: large xlarge 2xlarge 3xlarge 6xlarge 12xlarge 18xlarge 24xlarge 48xlarge metal-24xl metal-48xl
m5zn z1d: large xlarge 2xlarge 3xlarge 6xlarge 12xlarge metal
c8ine m8ine: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge
u7i-6tb u7i-8tb: 112xlarge
a1: medium large xlarge 2xlarge 4xlarge metal
c1: medium xlarge
c5n: large xlarge 2xlarge 4xlarge 9xlarge 18xlarge metal
c6gn: medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
d3en: xlarge 2xlarge 4xlarge 6xlarge 8xlarge 12xlarge
f1: 2xlarge 4xlarge 16xlarge
f2: 6xlarge 12xlarge 48xlarge
g2: 2xlarge 8xlarge
g3s: xlarge
g4ad: xlarge 2xlarge 4xlarge 8xlarge 16xlarge
g4dn: xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge metal
g5g: xlarge 2xlarge 4xlarge 8xlarge 16xlarge metal
g6f: large xlarge 2xlarge 4xlarge
gr6: 4xlarge 8xlarge
h1: 2xlarge 4xlarge 8xlarge 16xlarge
hpc7a: 12xlarge 24xlarge 48xlarge 96xlarge
hpc8a: 96xlarge
i3: large xlarge 2xlarge 4xlarge 8xlarge 16xlarge metal
i3en: large xlarge 2xlarge 3xlarge 6xlarge 12xlarge 24xlarge metal
i8g: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl
inf1: xlarge 2xlarge 6xlarge 24xlarge
inf2: xlarge 8xlarge 24xlarge 48xlarge
is4gen: medium large xlarge 2xlarge 4xlarge 8xlarge
m1: small medium large xlarge
m2: xlarge 2xlarge 4xlarge
m3: medium large xlarge 2xlarge
m4: large xlarge 2xlarge 4xlarge 10xlarge 16xlarge
m8azn: medium large xlarge 3xlarge 6xlarge 12xlarge 24xlarge metal-12xl metal-24xl
p2: xlarge 8xlarge 16xlarge
p3: 2xlarge 8xlarge 16xlarge
p5: 4xlarge 48xlarge
p6e-gb200: 36xlarge
r7iz: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 32xlarge metal-16xl metal-32xl
r8gb: medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal-24xl
t1: micro
trn1: 2xlarge 32xlarge
trn2: 3xlarge 48xlarge
u-3tb1: 56xlarge
u-6tb1: 56xlarge 112xlarge metal
u7inh-32tb: 480xlarge
vt1: 3xlarge 6xlarge 24xlarge
x1: 16xlarge 32xlarge
x1e: xlarge 2xlarge 4xlarge 8xlarge 16xlarge 32xlarge
x2idn: 16xlarge 24xlarge 32xlarge metal
x2iedn: xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge metal
x2iezn: 2xlarge 4xlarge 6xlarge 8xlarge 12xlarge metal
x8aedz: large xlarge 3xlarge 6xlarge 12xlarge 24xlarge metal-12xl metal-24xl
x8i: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 64xlarge 96xlarge metal-48xl
    metal-96xl
"""

_REGIONS = """
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
    ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
    ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1
    eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1
    us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2
"""

REGIONS = frozenset(_REGIONS.split())
"""Regions of the partitions aws, aws-cn and aws-us-gov."""

_DATABASE_FAMILIES = """
    c6gd m3 m4 m5 m5d m6g m6gd m6i m6id m6idn m6in m7g m7i m8g m8gd r3 r4 r5 r5b r5d r6g r6gd r6i r6id r6idn
    r6in r7g r7i r8g r8gd t2 t3 t4g x1 x1e x2idn x2iedn x2iezn z1d
"""


_CACHE_SIZES = """\
c7gn c8gn m6g m7g m8g r6g r7g r8g: large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
m4: large xlarge 2xlarge 4xlarge 10xlarge
m5 r5: large xlarge 2xlarge 4xlarge 12xlarge 24xlarge
r4: large xlarge 2xlarge 4xlarge 8xlarge 16xlarge
r6gd: xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
t2 t3 t4g: micro small medium
"""


def _families(listed: str) -> dict[str, frozenset[str]]:
    known: dict[str, frozenset[str]] = {}
    for entry in listed.replace("\n    ", " ").splitlines():
        families, _, sizes = entry.partition(":")
        known.update(dict.fromkeys(families.split(), frozenset(sizes.split())))
    return known


INSTANCE_FAMILIES = _families(_SIZES)
"""Family (`t3`) -> its sizes (`small`, ...)."""

DATABASE_FAMILIES = {
    family: INSTANCE_FAMILIES.get(family, frozenset()) - {"metal", "nano"} for family in _DATABASE_FAMILIES.split()
}
"""As INSTANCE_FAMILIES, for RDS classes without their `db.`."""

CACHE_FAMILIES = _families(_CACHE_SIZES)
"""As INSTANCE_FAMILIES, for ElastiCache node types without their `cache.`."""
