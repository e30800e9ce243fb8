"""The port of state stores, by all that keep it: a folder, moto's server, and the S3 of the local cloud."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.aws.clients import session
from hivemind.aws.cloud import AwsCloud
from hivemind.deploy import shared_journal, shared_state
from hivemind.deploy.journal import Journal, parse_event, read_journal
from hivemind.deploy.object_bucket import BucketObjects
from hivemind.deploy.object_files import FileObjects
from hivemind.deploy.objects import Objects, Overtaken, Stored
from hivemind.deploy.shared_journal import JournalCopy, append
from hivemind.deploy.shared_lease import holder_of, shared
from hivemind.deploy.shared_place import SharedPlace, chosen
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Revision, StateStore
from hivemind.testing.clients import raw
from hivemind.values.cloud import Cloud
from hivemind.values.errors import DeploymentLocked, HiveMindError
from hivemind.values.events import EventKind
from hivemind.values.exits import ExitCode
from hivemind.values.state_address import address_of

ID = "shop-production-123456789012-eu-west-1"
BUCKET = "team-state"


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto: Any = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()

    def application(environ: Any, start_response: Any) -> Any:
        """moto's, which is not safe for several threads, without the Content-Type that S3's PutObject does not have."""

        def plain(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [one for one in headers if "text/html" not in one[1]], *more)

        with one_at_a_time:
            return list(moto(environ, plain))

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AwsCloud]:
    """AWS as a command meets it, at moto's server."""
    for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    session.cache_clear()
    yield AwsCloud("eu-west-1", tmp_path / "aws")
    session.cache_clear()


def bucket_in(client: Any, region: str) -> None:
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})


@pytest.fixture(params=["folder", "moto", pytest.param("local cloud", marks=pytest.mark.slow)])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud | None]:
    """The cloud with the team's bucket in it; None for a folder."""
    if request.param == "folder":
        yield None
        return
    if request.param == "moto":
        import boto3

        found: Any = request.getfixturevalue("aws")
        client: Any = boto3.client("s3", region_name="eu-west-1")
    else:
        found = request.getfixturevalue("local_home").connect(tmp_path, "stores", "eu-west-1")
        client = raw(found, "s3")
    bucket_in(client, "eu-west-1")
    yield found
    for version in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=version["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def place(cloud: Cloud | None, tmp_path: Path) -> SharedPlace:
    if cloud is None:
        return SharedPlace(FileObjects(tmp_path / "team" / ID), own=False)
    return chosen(cloud, address_of(f"s3://{BUCKET}/hivemind"), ID)


def state(*revisions: int, **more: Any) -> DeploymentState:
    made = tuple(Revision(number, f"2026-01-{number:02}T00:00:00+00:00", by=f"p{number}@m") for number in revisions)
    return DeploymentState(ID, DeploymentStatus.DEPLOYED, name="shop", region="eu-west-1", revisions=made, **more)


def test_conditions_are_kept(place: SharedPlace) -> None:
    objects = place.objects
    assert (objects.read("a/b.json"), objects.names("a/")) == (None, ())
    first = objects.write("a/b.json", b"1", replacing=None)
    with pytest.raises(Overtaken):
        objects.write("a/b.json", b"2", replacing=None)
    second = objects.write("a/b.json", b"2", replacing=first)
    with pytest.raises(Overtaken):
        objects.write("a/b.json", b"3", replacing=first)
    found = objects.read("a/b.json")
    assert found is not None
    assert (found.body, found.tag) == (b"2", second)
    assert -2.0 <= found.age < 60.0
    with pytest.raises(Overtaken):
        objects.remove("a/b.json", first)
    assert objects.names("") == ("a/b.json",)
    objects.remove("a/b.json", second)
    objects.remove("a/b.json", second)
    assert objects.read("a/b.json") is None
    with pytest.raises(Overtaken):
        objects.write("a/b.json", b"4", replacing=second)


class Machine:
    """A machine with a home of its own."""

    def __init__(self, folder: Path, place: SharedPlace) -> None:
        self.store, self.place = StateStore(folder), place
        self.said: list[str] = []

    @property
    def folder(self) -> Path:
        return self.store.folder(ID)

    def bring(self) -> DeploymentState | None:
        shared_state.bring(self.store, ID, self.place, str(self.store.root), say=self.said.append)
        shared_journal.bring(self.folder, self.place, say=self.said.append)
        return self.store.find(ID)

    def apply(self, number: int) -> None:
        """What an apply does with state and journal, without its steps."""
        with shared(self.place, command="hivemind apply"):
            known = self.bring() or state()
            self.store.save(replace(known, status=DeploymentStatus.APPLYING))
            attempt = f"2026010{number}T000000-aaaaaa"
            with (
                JournalCopy(self.place, say=self.said.append) as copy,
                Journal(self.folder, ID, attempt, listeners=(copy,)) as journal,
            ):
                journal.started("plan", f"r{number}")
                made = state(number).revisions
                self.store.update(ID, status=DeploymentStatus.DEPLOYED, revisions=(*known.revisions, *made))
                shared_state.push(self.place, self.store, ID, self.said.append)
                journal.finished(f"r{number} is live")

    def journal(self) -> list[str]:
        return [event.message for event in read_journal(self.folder)]


def test_two_machines_that_deploy_in_turn_see_one_history(place: SharedPlace, tmp_path: Path) -> None:
    one, two = Machine(tmp_path / "one", place), Machine(tmp_path / "two", place)
    for number, machine in enumerate((one, two, one, two), 1):
        machine.apply(number)
    states = [one.bring(), two.bring()]
    assert [[item.number for item in found.revisions] for found in states if found] == [[1, 2, 3, 4]] * 2
    assert [found.revisions[-1].by for found in states if found] == ["p4@m"] * 2
    every = [words for number in range(1, 5) for words in (f"r{number}", f"r{number} is live")]
    assert one.journal() == two.journal() == every
    assert one.said == two.said == []
    newcomer = Machine(tmp_path / "three", place)
    newcomer.bring()
    newcomer.bring()
    assert newcomer.journal() == every


def test_who_pushes_second_reads_again_and_keeps_the_others_revision(place: SharedPlace, tmp_path: Path) -> None:
    one, two = Machine(tmp_path / "one", place), Machine(tmp_path / "two", place)
    one.store.save(state(1, 2))
    two.store.save(state(1, 3))
    for machine in (one, two):
        shared_state.push(machine.place, machine.store, ID, pytest.fail)
    found = shared_state.pull(place)
    assert found is not None
    assert ([item.number for item in found.revisions], found.serial) == ([1, 2, 3], 2)
    assert one.bring() == replace(found, checkout=None)


def test_many_writers_at_once_lose_nothing(place: SharedPlace, tmp_path: Path) -> None:
    machines = [Machine(tmp_path / str(number), place) for number in range(4)]
    for number, machine in enumerate(machines, 1):
        machine.store.save(state(number))

    def work(machine: Machine, number: int) -> None:
        shared_state.push(machine.place, machine.store, ID, machine.said.append)
        for line in range(3):
            append(place.objects, "one-attempt", [f"{number} {line}\n".encode()])

    threads = [threading.Thread(target=work, args=(one, number)) for number, one in enumerate(machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = shared_state.pull(place)
    assert [machine.said for machine in machines] == [[]] * 4
    assert found is not None
    assert [item.number for item in found.revisions] == [1, 2, 3, 4]
    lines = shared_journal.lines_of(place.objects, place.objects.names("journal/"))
    assert sorted(lines) == sorted(f"{number} {line}\n".encode() for number in range(4) for line in range(3))


def test_the_lock_is_one_for_all_machines(place: SharedPlace) -> None:
    with shared(place, command="hivemind apply") as held:
        with (
            pytest.raises(DeploymentLocked, match="locked: `hivemind apply`"),
            shared(place, command="hivemind destroy"),
        ):
            pytest.fail("two hold it")
        held()
    assert holder_of(place) is None
    with shared(place, command="dead", ttl=-1.0), shared(place, command="next"):
        found = holder_of(place)
        assert found is not None
        assert found.command == "next"


def test_a_state_of_an_older_hivemind_is_read_and_left_in_the_present_form(place: SharedPlace, tmp_path: Path) -> None:
    old = {"deployment_id": ID, "status": "completed", "verification_results": {"http": True}, "region": "eu-west-1"}
    place.objects.write("state.json", json.dumps(old).encode(), replacing=None)
    machine = Machine(tmp_path / "one", place)
    found = machine.bring()
    assert found is not None
    assert found.status is DeploymentStatus.DEPLOYED
    machine.apply(1)
    newest = shared_state.pull(place)
    assert newest is not None
    assert (newest.revision, newest.serial) == (1, 1)


class Memory:
    """Objects in memory, with a turn taken before each operation: tests say who comes next."""

    address = "memory:"

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, int]] = {}
        self._writings = 0

    def read(self, name: str) -> Stored | None:
        found = self.kept.get(name)
        return None if found is None else Stored(found[0], str(found[1]), 0.0)

    def write(self, name: str, body: bytes, *, replacing: str | None) -> str:
        current = self.read(name)
        if (current.tag if current else None) != replacing:
            raise Overtaken(name)
        self._writings += 1
        self.kept[name] = (body, self._writings)
        return str(self._writings)

    def remove(self, name: str, tag: str) -> None:
        current = self.read(name)
        if current is not None and current.tag != tag:
            raise Overtaken(name)
        self.kept.pop(name, None)

    def names(self, begin: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.kept if name.startswith(begin)))


class Turns:
    """Two writers' view of one store: each waits for its turn before each operation."""

    def __init__(self, objects: Objects, order: list[int]) -> None:
        self.objects, self.order = objects, order
        self.changed = threading.Condition()
        self.working = {0, 1}

    def take(self, writer: int) -> None:
        with self.changed:
            self.changed.wait_for(
                lambda: not self.order or self.order[0] not in self.working or self.order[0] == writer
            )
            if self.order and self.order[0] == writer:
                self.order.pop(0)
            while self.order and self.order[0] not in self.working:
                self.order.pop(0)
            self.changed.notify_all()

    def end(self, writer: int) -> None:
        with self.changed:
            self.working.discard(writer)
            while self.order and self.order[0] not in self.working:
                self.order.pop(0)
            self.changed.notify_all()

    def of(self, writer: int) -> Any:
        turns = self

        class View:
            address = "memory:"

            def __getattr__(self, name: str) -> Any:
                turns.take(writer)
                return getattr(turns.objects, name)

        return View()


@pytest.mark.property
@given(
    order=st.lists(st.integers(0, 1), max_size=40),
    batches=st.tuples(*[st.lists(st.integers(1, 3), min_size=1, max_size=4)] * 2),
    same=st.booleans(),
)
def test_any_interleaving_of_two_writers_keeps_every_entry(
    order: list[int], batches: tuple[list[int], list[int]], same: bool
) -> None:
    memory = Memory()
    turns = Turns(memory, order)
    written: list[list[bytes]] = [[], []]
    failed: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            objects = turns.of(writer)
            last = 0
            for number, size in enumerate(batches[writer]):
                lines = [f"{writer}.{number}.{line}\n".encode() for line in range(size)]
                written[writer] += lines
                last = append(objects, "attempt" if same else f"attempt-{writer}", lines, after=last)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)
        finally:
            turns.end(writer)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    kept = list(shared_journal.lines_of(memory, memory.names("journal/")))
    assert Counter(kept) == Counter(written[0] + written[1])
    for writer in (0, 1):
        assert [line for line in kept if line.startswith(f"{writer}.".encode())] == written[writer]


@pytest.mark.fast
def test_what_could_not_be_left_is_left_by_the_next_run(tmp_path: Path) -> None:
    class Full(Memory):
        full = True

        def write(self, name: str, body: bytes, *, replacing: str | None) -> str:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(name, body, replacing=replacing)

    objects = Full()
    place, said = SharedPlace(objects, own=False), list[str]()
    with (
        JournalCopy(place, say=said.append) as copy,
        Journal(tmp_path, ID, "20260101T000000-aaaaaa", listeners=(copy,)) as journal,
    ):
        journal.started("plan", "r1")
        journal.failed("no room")
    assert ["No space left" in words for words in said] == [True]
    objects.full = False
    shared_journal.bring(tmp_path, place)
    shared_journal.bring(tmp_path, place)
    kept = shared_journal.lines_of(objects, objects.names("journal/"))
    assert [event.message for event in map(parse_event, kept) if event] == ["r1", "no room"]


@pytest.mark.fast
def test_a_torn_line_is_nobodys(tmp_path: Path) -> None:
    objects = Memory()
    with Journal(tmp_path, ID, "20260101T000000-aaaaaa") as journal:
        journal.record("deploy", "web", EventKind.STARTED, "whole")
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"time": "2026')
    append(objects, "20260102T000000-bbbbbb", [shared_journal.line_of(next(read_journal(tmp_path)))[:-2] + b"1}\n"])
    append(objects, "20260103T000000-cccccc", [b'{"torn'])
    shared_journal.bring(tmp_path, SharedPlace(objects, own=False))
    assert [event.message for event in read_journal(tmp_path)] == ["whole"]


def test_a_bucket_that_is_not_there(aws: AwsCloud) -> None:
    place = chosen(aws, address_of("s3://nobody-made-this/x"), ID)
    with (
        pytest.raises(HiveMindError, match=r"does not exist\. Nothing was changed") as caught,
        shared(place, command="x"),
    ):
        pytest.fail("held")
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    assert "aws s3 mb s3://nobody-made-this --region eu-west-1" in str(caught.value.hint)
    assert "put-bucket-versioning" in str(caught.value.hint)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("code", "said", "exit_code"),
    [
        ("AccessDenied", "no permission for the state in s3://team-state/x", ExitCode.REFUSED),
        ("PermanentRedirect", "is in another region", ExitCode.REFUSED),
        ("ServiceUnavailable", "PutObject", ExitCode.UNREACHABLE),
    ],
)
def test_what_a_bucket_refuses_is_told_before_anything_changes(code: str, said: str, exit_code: ExitCode) -> None:
    from hivemind.values.calls import CloudCallFailed

    class Refusing:
        name, region = "aws", "eu-west-1"

        def client(self, _: str) -> Any:
            return self

        def put_object(self, **_: Any) -> Any:
            raise CloudCallFailed(code, "PutObject", "no")

    place = chosen(Refusing(), address_of("s3://team-state/x"), ID)  # type: ignore[arg-type]
    with pytest.raises(HiveMindError, match=said) as caught, shared(place, command="hivemind apply"):
        pytest.fail("held")
    assert caught.value.exit_code is exit_code


def test_a_bucket_without_a_prefix(aws: AwsCloud) -> None:
    import boto3

    bucket_in(boto3.client("s3", region_name="eu-west-1"), "eu-west-1")
    place = chosen(aws, address_of(f"s3://{BUCKET}"), ID)
    assert isinstance(place.objects, BucketObjects)
    place.objects.write("state.json", b"{}", replacing=None)
    client: Any = boto3.client("s3", region_name="eu-west-1")
    assert [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET)["Contents"]] == [f"{ID}/state.json"]
    assert place.objects.names("") == ("state.json",)
