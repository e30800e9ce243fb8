from __future__ import annotations

import pytest

from hivemind.checks.kinds import NO_ROUTE, DatabaseCheck, HttpCheck, PingCheck, RunningCheck
from hivemind.releases.release import Check, CheckFailed, HttpResponse, ProcessState
from hivemind.testing import FakeProbe, ManualClock, page

pytestmark = pytest.mark.fast


def run(check: HttpCheck, answer: HttpResponse) -> str:
    return check.run(FakeProbe(pages={(check.service, check.path): answer}))


@pytest.mark.parametrize(
    ("check", "answer", "seen"),
    [
        (HttpCheck("web"), page(204), "204 in 1 ms"),
        (HttpCheck("web", "/up", status=404), page(404), "404 in 1 ms"),
        (HttpCheck("web", "/api/", refusing=True), page(404), "404 in 1 ms"),
        (HttpCheck("web", contains="shop"), page(body="my shop"), "200 in 1 ms"),
        (HttpCheck("web", matches=r"v\d+"), page(body="v12"), "200 in 1 ms"),
        (HttpCheck("web", redirect="https://"), page(301, headers={"Location": "https://x/"}), "301 in 1 ms"),
        (HttpCheck("web", redirect="/login"), page(302, headers={"location": "http://x/login?next=/"}), "302 in 1 ms"),
        (HttpCheck("web", header={"X-Frame": "DENY"}), page(headers={"x-frame": "DENY"}), "200 in 1 ms"),
        (HttpCheck("web", under=0.3), page(milliseconds=299), "200 in 299 ms"),
        (HttpCheck("web"), page(301, headers={"location": "https://login.test/"}), "301 in 1 ms"),
        (HttpCheck("web"), page(301, headers={"location": "http://test.invalid/de"}), "301 in 1 ms"),
    ],
)
def test_good_answers(check: HttpCheck, answer: HttpResponse, seen: str) -> None:
    assert run(check, answer) == seen


@pytest.mark.parametrize(
    ("check", "answer", "message"),
    [
        (HttpCheck("web"), page(500, "Traceback"), 'status 500, expected 200 to 399; the body begins "Traceback"'),
        (
            HttpCheck("web", "/api/", refusing=True),
            page(404, NO_ROUTE),
            "no rule of the load balancer matches the request",
        ),
        (HttpCheck("web", refusing=True), page(503), "status 503, expected 200 to 499; the body is empty"),
        (HttpCheck("web"), page(199), "status 199, expected 200 to 399; the body is empty"),
        (HttpCheck("web"), page(400), "status 400, expected 200 to 399; the body is empty"),
        (HttpCheck("web", status=200), page(204), "status 204, expected 200; the body is empty"),
        (HttpCheck("web", contains="a"), page(body="b\n c"), 'the body does not contain "a"; the body begins "b c"'),
        (HttpCheck("web", matches="^a"), page(body="ba"), 'the body does not match "^a"; the body begins "ba"'),
        (HttpCheck("web", redirect="/in"), page(200), "status 200, expected a redirect; the body is empty"),
        (HttpCheck("web", redirect="/in"), page(302), "redirects to no address, expected /in"),
        (
            HttpCheck("web", redirect="https://"),
            page(302, headers={"Location": "http://x/"}),
            "redirects to http://x/, expected https://",
        ),
        (HttpCheck("web", header={"A": "1"}), page(), "header A is missing, expected 1"),
        (
            HttpCheck("web"),
            page(301, headers={"Location": "https://test.invalid/"}),
            (
                "redirects to https://test.invalid/, but the load balancer does not answer HTTPS. Set `certificate`, "
                "or turn the redirect off (Django: SECURE_SSL_REDIRECT; Rails: force_ssl)"
            ),
        ),
        (HttpCheck("web", under=0.3), page(milliseconds=301), "took 301 ms, expected under 300 ms"),
    ],
)
def test_bad_answers(check: HttpCheck, answer: HttpResponse, message: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        run(check, answer)
    assert str(caught.value) == message


def test_no_answer_is_an_os_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        HttpCheck("web").run(FakeProbe())


def test_a_long_body_is_cut() -> None:
    with pytest.raises(CheckFailed) as caught:
        run(HttpCheck("web", status=201), page(body="x" * 5000))
    assert len(str(caught.value)) < 200


def test_databases() -> None:
    probe = FakeProbe(rows={("db", "select 1"): [(1,)], ("db", "select n"): []})
    assert DatabaseCheck("db").run(probe) == "1 row"
    assert DatabaseCheck("db", expect="1").run(probe) == "1 row"
    assert DatabaseCheck("db", "select n").run(probe) == "0 rows"
    with pytest.raises(CheckFailed, match="the query returned 1, expected 2"):
        DatabaseCheck("db", expect="2").run(probe)
    with pytest.raises(CheckFailed, match="the query returned nothing, expected 2"):
        DatabaseCheck("db", "select n", expect="2").run(probe)


def test_redis() -> None:
    assert PingCheck("cache").run(FakeProbe(pongs={"cache": "PONG"})) == "PONG"
    assert PingCheck("cache").name == "redis cache"
    with pytest.raises(ConnectionRefusedError):
        PingCheck("cache").run(FakeProbe())


def running(*looks: tuple[str, float, int]) -> str:
    """The check of a worker whose state at each look is (word, seconds, restarts)."""
    states = [[ProcessState("i-1", *look)] for look in looks]
    return RunningCheck("worker", clock=ManualClock()).run(FakeProbe(processes={"worker": states}))


def test_a_worker_that_stays_up() -> None:
    assert running(("running", 2.0, 0), ("running", 5.0, 0), ("running", 9.0, 0)) == "runs on 1 instance"
    assert running(("running", 4000.0, 3)) == "runs on 1 instance", "what was restarted long ago"


@pytest.mark.parametrize(
    ("looks", "message"),
    [
        ([("running", 3.0, 0), ("restarting", 0.1, 1)], "i-1: restarting, restarted 1 time"),
        ([("running", 3.0, 4), ("running", 0.2, 5)], "i-1: running, restarted 5 times"),
        ([("failed", 60.0, 0)], "i-1: failed"),
        ([("starting", 0.0, 0)], "i-1: starting"),
    ],
)
def test_a_worker_that_does_not(looks: list[tuple[str, float, int]], message: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        running(*looks)
    assert str(caught.value) == message


def test_names_tell_checks_apart() -> None:
    checks: list[Check] = [
        HttpCheck("web", "/a"),
        HttpCheck("web", "/b"),
        HttpCheck("web", label="own"),
        DatabaseCheck("db"),
    ]
    checks.append(DatabaseCheck("db", "select count(*) from a_table_with_a_long_name where x = 1"))
    names = [check.name for check in checks]
    assert names[:4] == ["http web /a", "http web /b", "own", "database db"]
    assert names[4].startswith("database db: select count(*)")
    assert len(names[4]) < 60
