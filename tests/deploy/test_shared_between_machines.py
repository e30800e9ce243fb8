"""State and lease in the deployment's own bucket: two machines, by moto's S3, which keeps the conditions of writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.aws.clients import session
from hivemind.aws.cloud import AwsCloud
from hivemind.deploy import shared_state
from hivemind.deploy.lease import Holder
from hivemind.deploy.shared_lease import break_shared, holder_of, shared
from hivemind.deploy.shared_place import SharedPlace, of_bucket
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Revision, StateStore, StateUnreadable
from hivemind.flow.adopting import adopted
from hivemind.flow.deployments import find
from hivemind.flow.meant import Meant
from hivemind.machine import home
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import DeploymentLocked

BUCKET = "shop-artifacts"
ID = "shop-production-123456789012-eu-west-1"
KEY = "hivemind/lease.json"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    import boto3
    from moto import mock_aws

    session.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-1")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield s3
    session.cache_clear()


def machine(tmp_path: Path, name: str) -> tuple[AwsCloud, StateStore]:
    folder = tmp_path / name
    return AwsCloud("eu-west-1", folder), StateStore(folder)


def place(tmp_path: Path, name: str, bucket: str = BUCKET) -> SharedPlace:
    return of_bucket(machine(tmp_path, name)[0], bucket)


def left(tmp_path: Path, what: DeploymentState, bucket: str = BUCKET) -> DeploymentState:
    """Leaves a state from a machine of its own; as it was left."""
    cloud, store = machine(tmp_path, f"{what.revision}-{bucket}")
    store.save(what)
    shared_state.push(of_bucket(cloud, bucket), store, what.deployment_id, pytest.fail)
    return store.load(what.deployment_id)


def state(number: int, **more: Any) -> DeploymentState:
    revisions = tuple(Revision(n, f"2026-01-0{n}T00:00:00+00:00") for n in range(1, number + 1))
    return DeploymentState(
        ID,
        DeploymentStatus.DEPLOYED,
        name="shop",
        account="123456789012",
        region="eu-west-1",
        revisions=revisions,
        **more,
    )


def bring(cloud: AwsCloud, store: StateStore, said: list[str] | None = None) -> DeploymentState | None:
    shared_state.bring(store, ID, of_bucket(cloud, BUCKET), "/here", say=(said if said is not None else []).append)
    return store.find(ID)


def test_a_second_machine_goes_on_where_the_first_ended(s3: Any, tmp_path: Path) -> None:
    two, store = machine(tmp_path, "two")
    assert bring(two, store) is None
    there = left(tmp_path, state(2, checkout="/there", host_keys={"i-1": "ssh-ed25519 A"}, sources={"web": "d"}))
    found = bring(two, store)
    assert found == replace(there, checkout="/here")


def test_the_newer_state_counts(s3: Any, tmp_path: Path) -> None:
    cloud, store = machine(tmp_path, "one")
    store.save(state(3, checkout="/mine"))
    left(tmp_path, state(2, checkout="/there"))
    assert bring(cloud, store) == state(3, checkout="/mine")
    left(tmp_path, state(4, checkout="/there"))
    assert bring(cloud, store) == state(4, checkout="/mine", serial=2)


def test_a_state_of_another_deployment_is_left_alone(s3: Any, tmp_path: Path) -> None:
    cloud, store = machine(tmp_path, "one")
    left(tmp_path, replace(state(1), deployment_id="other"))
    assert bring(cloud, store) is None


def test_a_state_that_cannot_be_read_is_named(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key="hivemind/state.json", Body=b"{")
    with pytest.raises(StateUnreadable, match=f"s3://{BUCKET}/hivemind/state.json"):
        bring(*machine(tmp_path, "one"))


def test_a_missing_permission_is_said_and_stops_nothing(tmp_path: Path) -> None:
    class Denying:
        name, region = "aws", "eu-west-1"

        def client(self, service: str) -> Any:
            return self

        def get_object(self, **_: Any) -> Any:
            raise CloudCallFailed("AccessDenied", "GetObject", "no")

        def put_object(self, **_: Any) -> Any:
            raise CloudCallFailed("AccessDenied", "PutObject", "no")

    said: list[str] = []
    here, store = of_bucket(Denying(), BUCKET), StateStore(tmp_path)  # type: ignore[arg-type]
    store.save(state(1))
    shared_state.bring(store, ID, here, "", say=said.append)
    shared_state.push(here, store, ID, said.append)
    assert ["GetObject" in said[0], "GetObject" in said[1]] == [True, True]
    assert store.load(ID) == state(1)


def test_a_bucket_that_is_gone_is_no_news(s3: Any, tmp_path: Path) -> None:
    left(tmp_path, state(1), "no-such-bucket")
    assert shared_state.pull(place(tmp_path, "one", "no-such-bucket")) is None


def holder(s3: Any) -> Holder:
    return Holder(**json.loads(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()))


def test_one_machine_at_a_time(s3: Any, tmp_path: Path) -> None:
    one, two = place(tmp_path, "one"), place(tmp_path, "two")
    with shared(one, command="hivemind apply") as held:
        held()
        with (
            pytest.raises(DeploymentLocked, match="locked: `hivemind apply`"),
            shared(two, command="hivemind apply"),
        ):
            pytest.fail("two hold it")
    with shared(two, command="hivemind destroy"):
        assert holder(s3).command == "hivemind destroy"
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_who_was_not_renewed_is_followed_and_notices_it(s3: Any, tmp_path: Path) -> None:
    one, two = place(tmp_path, "one"), place(tmp_path, "two")
    with shared(one, command="crashed", ttl=-1.0) as held, shared(two, command="next") as next_held:
        next_held()
        assert holder(s3).command == "next"
        lease = held.__self__  # type: ignore[attr-defined]
        assert lease.renew() is False
        with pytest.raises(DeploymentLocked, match="another machine took over"):
            held()
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_what_is_not_readable_is_no_holder(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"{")
    with shared(place(tmp_path, "one"), command="hivemind apply"):
        assert holder(s3).command == "hivemind apply"


def test_a_heartbeat_keeps_it(s3: Any, tmp_path: Path) -> None:
    with shared(place(tmp_path, "one"), command="hivemind apply") as held:
        lease = held.__self__  # type: ignore[attr-defined]
        before = s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"]
        assert lease.renew() is True
        assert s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"] != before
        held()


def test_somebody_takes_it_from_a_run_that_will_not_give_it_back(s3: Any, tmp_path: Path) -> None:
    one, two = place(tmp_path, "one"), place(tmp_path, "two")
    assert holder_of(two) is None
    with shared(one, command="hivemind apply") as held:
        seen = holder_of(two)
        assert seen is not None
        assert seen.command == "hivemind apply"
        assert break_shared(two, seen)
        assert not break_shared(two, seen), "it has ended already"
        with shared(two, command="hivemind destroy"):
            assert not break_shared(one, seen), "never another run's"
            assert held.__self__.renew() is False  # type: ignore[attr-defined]
            with pytest.raises(DeploymentLocked):
                held()
    assert holder_of(place(tmp_path, "two", "no-such-bucket")) is None


def test_without_a_bucket_nothing_is_held() -> None:
    with shared(None, command="hivemind apply") as held:
        held()


def stack(s3: Any) -> None:
    import boto3

    template = {
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-made"}}},
        "Outputs": {"ArtifactBucketName": {"Value": {"Ref": "Bucket"}}},
    }
    client = boto3.client("cloudformation", region_name="eu-west-1")
    client.create_stack(StackName="shop-production", TemplateBody=json.dumps(template))


@pytest.mark.stress
@pytest.mark.parametrize("known", [True, False])
def test_a_fresh_machine_finds_what_another_one_deployed(s3: Any, tmp_path: Path, known: bool) -> None:
    stack(s3)
    if known:
        left(tmp_path, state(3, urls={"web": "http://x"}), "shop-made")
    (tmp_path / "hivemind.yaml").write_text("hivemind: 1\nname: shop\nregion: eu-west-1\n")
    found = find(tmp_path, None, None)
    assert found is not None
    assert found.state.deployment_id == ID
    assert (found.state.revision, dict(found.state.urls)) == ((3, {"web": "http://x"}) if known else (0, {}))
    assert StateStore(home.deployments()).find(ID) == found.state  # from now on it is known here
    assert find(tmp_path, None, None, local=True) is None
    assert find(tmp_path, "staging", None) is None


def test_nobody_is_asked_where_nothing_is_configured(tmp_path: Path) -> None:
    assert adopted(Meant(str(tmp_path), "production", "shop", "eu-west-1"), tmp_path) is None


def test_another_account_is_not_meant(s3: Any, tmp_path: Path) -> None:
    stack(s3)
    meant = Meant(str(tmp_path), "production", "shop", "eu-west-1", account="999999999999")
    assert adopted(meant, tmp_path) is None
