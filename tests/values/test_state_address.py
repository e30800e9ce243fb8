from __future__ import annotations

import pytest

from hivemind.values.state_address import NoAddress, address_of

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://team", "team", ""),
        (" s3://team/ ", "team", ""),
        ("s3://my.team-1/a/b/", "my.team-1", "a/b"),
        ("file:///srv/team", None, "/srv/team"),
    ],
)
def test_addresses(text: str, bucket: str | None, prefix: str) -> None:
    found = address_of(text)
    assert (found.bucket, found.prefix) == (bucket, prefix)
    assert address_of(str(found)) == found


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("team/hivemind", "begins neither with", "Did you mean s3://team/hivemind?"),
        ("https://team", "begins neither with", "For example"),
        ("", "begins neither with", "For example"),
        ("s3://", "it has 0 characters; 3 to 63", "For example"),
        ("s3://My_Team/x", "only lowercase letters", "Did you mean s3://my-team?"),
        ("s3://-team", "a letter or digit at both ends", "Did you mean s3://team?"),
        ("s3://te..am", "two dots", "For example"),
        ("s3://192.168.1.1", "looks like an IP address", "For example"),
        ("s3://team-s3alias", "AWS reserves", "For example"),
        (f"s3://{'t' * 64}", "it has 64 characters", "For example"),
        ("s3://team/a//b", "not a prefix", "single slashes"),
        ("s3://team/a b", "not a prefix", "single slashes"),
        ("s3://team/../b", "only dots", "without them"),
        ("file://srv", "not an absolute path", "file:///srv/team/hivemind"),
        ("file:///srv/../etc", "not an absolute path", "file:///srv"),
    ],
)
def test_what_is_none_says_why_and_what_to_write(text: str, message: str, hint: str) -> None:
    with pytest.raises(NoAddress) as caught:
        address_of(text)
    assert message in str(caught.value)
    assert hint in caught.value.hint
