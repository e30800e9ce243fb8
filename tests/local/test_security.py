"""Security groups decide alone, and only ever admit."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.local.model import RegionView, Rule
from hivemind.local.security import OPERATOR, Caller, allowed

ports = st.integers(1, 65535)
names = st.sampled_from(["sg-a", "sg-b", "sg-c"])
addresses = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
cidrs = st.tuples(addresses, st.integers(0, 32)).map(
    lambda pair: str(ipaddress.IPv4Network(f"{pair[0]}/{pair[1]}", strict=False))
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    first, last = sorted((draw(ports), draw(ports)))
    protocol = draw(st.sampled_from(["tcp", "udp", "-1"]))
    if draw(st.booleans()):
        return Rule(protocol, first, last, group=draw(names))
    return Rule(protocol, first, last, cidr=draw(cidrs))


groups = st.dictionaries(names, st.lists(rules(), max_size=3).map(tuple), max_size=3)
sources = st.one_of(
    st.just(OPERATOR),
    st.builds(Caller, st.just("instance"), st.lists(names, max_size=2).map(tuple), addresses),
    st.builds(Caller, st.just("load-balancer"), st.lists(names, max_size=2).map(tuple), st.none()),
)


def view(*rules: Rule, endpoints: tuple[tuple[str, ...], ...] = ()) -> RegionView:
    return RegionView(groups={"sg-a": rules}, endpoints=endpoints)


@pytest.mark.property
@given(groups, sources, names, ports, rules())
def test_another_rule_never_takes_away(
    groups: dict[str, tuple[Rule, ...]], source: Caller, name: str, port: int, more: Rule
) -> None:
    before = allowed(RegionView(groups=groups), source, (name,), port)
    wider = {**groups, name: (*groups.get(name, ()), more)}
    assert allowed(RegionView(groups=wider), source, (name,), port) >= before


@pytest.mark.property
@given(groups, sources, ports)
def test_no_groups_or_unknown_ones_admit_nobody(groups: dict[str, tuple[Rule, ...]], source: Caller, port: int) -> None:
    assert not allowed(RegionView(groups=groups), source, (), port)
    assert not allowed(RegionView(groups=groups), source, ("sg-unknown",), port)


@pytest.mark.property
@given(sources, rules(), ports)
def test_only_ports_of_the_rule_and_tcp(source: Caller, rule: Rule, port: int) -> None:
    if allowed(view(rule), source, ("sg-a",), port):
        assert rule.protocol != "udp"
        assert rule.protocol == "-1" or rule.first_port <= port <= rule.last_port


@pytest.mark.property
@given(cidrs, addresses, ports)
def test_an_instance_comes_in_by_its_address_exactly(cidr: str, address: str, port: int) -> None:
    inside = ipaddress.ip_address(address) in ipaddress.ip_network(cidr)
    assert allowed(view(Rule("tcp", 1, 65535, cidr=cidr)), Caller("instance", (), address), ("sg-a",), port) is inside


@pytest.mark.property
@given(st.lists(names, max_size=3).map(tuple), names, ports)
def test_a_group_comes_in_by_its_name_exactly(own: tuple[str, ...], admitted: str, port: int) -> None:
    rule = Rule("tcp", port, port, group=admitted)
    assert allowed(view(rule), Caller("instance", own, "10.0.0.9"), ("sg-a",), port) is (admitted in own)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("cidr", "admitted"),
    [
        ("0.0.0.0/0", True),
        ("127.0.0.1/32", True),
        ("203.0.113.7/32", True),
        ("10.0.0.0/16", False),
        ("nonsense", False),
    ],
)
def test_the_operator_is_every_place_on_the_internet(cidr: str, admitted: bool) -> None:
    assert allowed(view(Rule("tcp", 22, 22, cidr=cidr)), OPERATOR, ("sg-a",), 22) is admitted


@pytest.mark.fast
def test_the_operator_comes_through_an_instance_connect_endpoint() -> None:
    rule = Rule("tcp", 22, 22, group="sg-eice")
    assert not allowed(view(rule), OPERATOR, ("sg-a",), 22)
    assert allowed(view(rule, endpoints=(("sg-eice",),)), OPERATOR, ("sg-a",), 22)
    assert not allowed(view(rule, endpoints=(("sg-eice",),)), OPERATOR, ("sg-a",), 5432)


@pytest.mark.fast
@pytest.mark.parametrize(("cidr", "admitted"), [("10.0.0.0/16", True), ("0.0.0.0/0", True), ("203.0.113.0/24", False)])
def test_a_load_balancer_has_nodes_all_over_its_network(cidr: str, admitted: bool) -> None:
    assert allowed(view(Rule("tcp", 8000, 8000, cidr=cidr)), Caller("load-balancer"), ("sg-a",), 8000) is admitted
