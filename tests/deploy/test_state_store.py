"""States: round trips, migration, damage, and that no secret gets in."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hivemind.deploy.diagnosis import Diagnosis
from hivemind.deploy.journal import Journal
from hivemind.deploy.state import (
    DeploymentState,
    DeploymentStatus,
    Recorded,
    Revision,
    StackInfo,
    StateStore,
    StateUnreadable,
    deployment_id,
)
from hivemind.plan.model import Basis
from hivemind.releases.release import CheckResult, CheckStatus, Verdict
from hivemind.text.codec import decode, encode
from hivemind.text.redact import Redactor
from hivemind.values.errors import DeploymentNotFound
from hivemind.values.events import EventKind

SAMPLES = Path(__file__).parent / "samples"
ID = deployment_id("shop", "production", "123456789012", "eu-west-1")
STATE = DeploymentState(ID, DeploymentStatus.PENDING, name="shop")

texts = st.text(max_size=12)
words = st.dictionaries(texts, texts, max_size=3).map(MappingProxyType)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
results = st.builds(
    CheckResult, texts, st.sampled_from(CheckStatus), texts, st.floats(0, 1e6), st.integers(1, 9), texts
)
states = st.builds(
    DeploymentState,
    deployment_id=st.just(ID),
    status=st.sampled_from(DeploymentStatus),
    repo_url=st.none() | texts,
    stack_info=st.none() | st.builds(StackInfo, texts, st.none() | texts, st.none() | texts),
    verification_results=st.none() | st.builds(Verdict, st.lists(results, max_size=3).map(tuple)),
    monitoring_config=st.none() | st.dictionaries(texts, json_values, max_size=3).map(MappingProxyType),
    retry_count=st.integers(0, 9),
    failure_analysis=st.none() | st.builds(Diagnosis, texts, texts, texts, st.lists(texts, max_size=2).map(tuple)),
    xray_enabled=st.booleans(),
    revisions=st.lists(
        st.builds(
            Revision,
            st.integers(1, 99),
            texts,
            artifacts=words,
            sources=words,
            verdict=st.none() | st.just("good"),
            seconds=st.dictionaries(texts, st.floats(0, 1e6), max_size=2).map(MappingProxyType),
        ),
        max_size=3,
    ).map(tuple),
    host_keys=words,
    recorded=st.none() | st.builds(Recorded, texts, words, words, words, words),
)


@pytest.mark.property
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(states)
def test_every_state_comes_back_from_its_json_as_it_was(state: DeploymentState) -> None:
    assert decode(DeploymentState, json.loads(json.dumps(encode(state)))) == state


@pytest.mark.fast
def test_save_and_load(tmp_path: Path) -> None:
    store = StateStore(tmp_path / "states")
    assert store.find(ID) is None
    store.save(STATE)
    assert store.load(ID) == STATE
    assert store.update(ID, retry_count=2) == replace(STATE, retry_count=2) == store.load(ID)
    assert store.all().states == (store.load(ID),)
    store.delete(ID)
    with pytest.raises(DeploymentNotFound):
        store.load(ID)


@pytest.mark.fast
def test_files_are_the_users_alone(tmp_path: Path) -> None:
    store = StateStore(tmp_path / "states")
    store.save(STATE)
    assert stat.S_IMODE((tmp_path / "states").stat().st_mode) == 0o700
    for path in store.folder(ID).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.fast
def test_changes_from_many_threads_are_none_lost(tmp_path: Path) -> None:
    store = StateStore(tmp_path)
    store.save(STATE)

    def count() -> None:
        for _ in range(5):
            store.change(ID, lambda state: replace(state, retry_count=state.retry_count + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.load(ID).retry_count == 20


@pytest.mark.fast
def test_a_failed_write_leaves_the_old_state_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = StateStore(tmp_path)
    store.save(STATE)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fails)
        with pytest.raises(OSError, match="No space"):
            store.save(replace(STATE, retry_count=5))
    assert store.load(ID) == STATE
    assert sorted(path.name for path in store.folder(ID).iterdir()) == ["state.json", "state.lock"]


@pytest.mark.fast
def test_the_specs_own_shape_loads_and_is_written_in_ours(tmp_path: Path) -> None:
    folder = tmp_path / "a1b2c3d4-guestbook"
    folder.mkdir()
    shutil.copy(SAMPLES / "spec_state.json", folder / "state.json")
    store = StateStore(tmp_path)
    state = store.load(folder.name)
    assert state.status is DeploymentStatus.DEPLOYED
    assert state.stack_info is not None
    assert state.stack_info.stack_name == "guestbook-production"
    assert state.region == "eu-west-1"
    assert state.verification_results is not None
    assert not state.verification_results.good
    assert state.failure_analysis is not None
    assert state.failure_analysis.root_cause == "permission_error"
    assert (state.deployment_stage, state.xray_enabled, state.retry_count) == ("stage-1", True, 1)
    assert state.changeable
    store.save(state)
    assert json.loads((folder / "state.json").read_text())["format"] == 2
    assert store.load(folder.name) == state


@pytest.mark.fast
def test_what_cloudformation_did_not_make_is_listed_but_not_changeable(tmp_path: Path) -> None:
    data = json.loads((SAMPLES / "spec_state.json").read_text())
    folder = tmp_path / "old"
    folder.mkdir()
    spec = {**data, "deployment_id": "old", "creation_method": "boto3", "stack_info": None}
    (folder / "state.json").write_text(json.dumps(spec))
    (state,) = StateStore(tmp_path).all().states
    assert not state.changeable
    assert "'boto3'" in str(state.instructions)
    assert "hivemind.yaml" in str(state.instructions)


@pytest.mark.fast
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"null",
        b'{"format": 2}',
        b'{"format": 0}',
        b'{"format": "x", "deployment_id": "a"}',
        b'{"format": 2, "deployment_id": 7, "status": "pending"}',
        b'{"format": 2, "deployment_id": "a", "status": "odd"}',
        b'{"deployment_id": "a", "retry_count": "many"}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_state_is_an_error_that_keeps_the_file_and_the_others(tmp_path: Path, content: bytes) -> None:
    store = StateStore(tmp_path)
    store.save(STATE)
    broken = tmp_path / "broken" / "state.json"
    broken.parent.mkdir()
    broken.write_bytes(content)
    with pytest.raises(StateUnreadable) as caught:
        store.load("broken")
    assert "`hivemind adopt -d broken`" in str(caught.value.hint)
    assert broken.read_bytes() == content
    listing = store.all()
    assert listing.states == (STATE,)
    assert [error.path for error in listing.unreadable] == [broken]


@pytest.mark.fast
@pytest.mark.parametrize("place", ["broken", "broken/state.json"])
def test_what_is_no_state_at_all_is_no_absence_either(tmp_path: Path, place: str) -> None:
    store = StateStore(tmp_path)
    wrong = tmp_path / place
    wrong.parent.mkdir(exist_ok=True)
    if place == "broken":
        wrong.write_text("a file in the place of the folder")
    else:
        wrong.mkdir()
    with pytest.raises(StateUnreadable) as caught:
        store.load("broken")
    assert (caught.value.deployment_id, caught.value.path) == ("broken", wrong)
    assert [error.path for error in store.all().unreadable] == [wrong]
    aside = store.set_aside(caught.value, "20261130T120000")
    assert aside.exists()
    assert (store.find("broken"), store.all().unreadable) == (None, ())


@pytest.mark.fast
def test_a_newer_format_is_told_apart_from_damage(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "state.json").write_text('{"format": 99}')
    with pytest.raises(StateUnreadable, match="format is 99") as caught:
        StateStore(tmp_path).load("new")
    assert "newer" in str(caught.value.hint)


@pytest.mark.fast
@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "a" * 300])
def test_ids_never_lead_out_of_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(DeploymentNotFound):
        StateStore(tmp_path).load(name)


@pytest.mark.fast
def test_a_snapshot_of_what_was_recorded(tmp_path: Path) -> None:
    recorded = Recorded("UPDATE_COMPLETE", {"Resources": {}}, {"Size": "1"}, {"Url": "u"}, {"Vpc": "vpc-1"})
    revisions = (Revision(3, "2026-01-01T00:00:00Z"),)
    state = replace(
        STATE, stack_info=StackInfo("s", "arn"), recorded=recorded, revisions=revisions, sources={"web": "d"}
    )
    snapshot = state.snapshot()
    assert (snapshot.basis, snapshot.status, snapshot.stack_id) == (Basis.RECORDED, "UPDATE_COMPLETE", "arn")
    assert (snapshot.revision, snapshot.artifacts) == (3, {"web": "d"})


@pytest.mark.fast
def test_the_last_good_revision_is_before_the_current_one() -> None:
    verdicts = ["good", None, "bad", "good"]
    revisions = tuple(Revision(n, "", verdict=verdict) for n, verdict in enumerate(verdicts, start=1))
    state = replace(STATE, revisions=revisions)
    assert state.last_good == revisions[0]
    assert state.revision == 4
    assert replace(STATE, revisions=()).last_good is None


@pytest.mark.fast
def test_no_planted_secret_reaches_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    monkeypatch.setattr("hivemind.deploy.state.REDACTOR", redactor)
    secret = "s3cr3t/v@lue"
    redactor.register(secret)
    store = StateStore(tmp_path)
    quotes = (f"connect to postgres://app:{secret}@db failed",)
    recorded = Recorded("CREATE_COMPLETE", _template(secret), outputs={"Oops": secret})
    store.save(replace(STATE, failure_analysis=Diagnosis("unknown", secret, secret, quotes), recorded=recorded))
    with Journal(store.folder(ID), ID, "a1", redactor=redactor) as journal:
        journal.record("release", "install", EventKind.FAILED, f"password={secret}", {"lines": [secret], secret: 1})
        journal.record("release", "install", EventKind.NOTE, "url postgres://app:s3cr3t%2Fv%40lue@db/app")
    for path in store.folder(ID).iterdir():
        content = path.read_text(encoding="utf-8")
        assert secret not in content, path
        assert "s3cr3t" not in content, path
    # What is no secret is read back as it was: a reference to a secret stays usable.
    assert store.load(ID).recorded.template["Password"] == {"Ref": "Secret"}  # type: ignore[union-attr]


def _template(secret: str) -> Mapping[str, Any]:
    return {"Password": {"Ref": "Secret"}, "Leaked": [secret]}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("status", "verdicts", "stands"),
    [
        (DeploymentStatus.FAILED, ["good"], 1),
        (DeploymentStatus.FAILED, ["good", "bad"], None),
        (DeploymentStatus.FAILED, ["good", None], None),
        (DeploymentStatus.DEPLOYED, ["good"], None),
        (DeploymentStatus.FAILED, [], None),
    ],
)
def test_a_good_revision_stands_where_a_later_apply_failed_before_its_own(
    status: DeploymentStatus, verdicts: list[str | None], stands: int | None
) -> None:
    revisions = tuple(Revision(number, "", verdict=word) for number, word in enumerate(verdicts, 1))
    found = DeploymentState("x", status, revisions=revisions).stands
    assert (found.number if found else None) == stands
