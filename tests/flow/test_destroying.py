"""What refuses to be destroyed is told before anything is drained."""

from __future__ import annotations

from typing import Any, cast

import pytest

from hivemind.deploy.calls import StackResource
from hivemind.flow.destroy import Leaving, destroy
from hivemind.values.errors import Refused

pytestmark = pytest.mark.fast
DATABASE = StackResource("DbDatabase", "db-1", "AWS::RDS::DBInstance", "CREATE_COMPLETE", "")


class Untouched:
    """A cloud that fails a test when it is asked for anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the cloud was asked for {name}")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Leaving("shop", "arn", (), protected=True), "shop has termination protection. Nothing was changed."),
        (
            Leaving("shop", "arn", (), guarded=(DATABASE,)),
            "DbDatabase (AWS::RDS::DBInstance) has deletion protection. Nothing was changed.",
        ),
        (
            Leaving("shop", "arn", (), protected=True, guarded=(DATABASE,)),
            (
                "shop has termination protection; DbDatabase (AWS::RDS::DBInstance) has deletion protection. "
                "Nothing was changed."
            ),
        ),
    ],
)
def test_protection_refuses_a_destroy_before_its_first_call(what: Leaving, said: str) -> None:
    untouched = cast("Any", Untouched())
    with pytest.raises(Refused) as refused:
        destroy(
            untouched,
            untouched,
            what,
            untouched,
            keep_snapshots=True,
            unprotect=False,
            listener=lambda _: None,
        )
    assert refused.value.message == said
    assert "hivemind destroy --unprotect" in str(refused.value.hint)
