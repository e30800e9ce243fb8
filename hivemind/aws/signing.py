"""What is signed with the user's credentials beside API calls: addresses that open a tunnel."""

from __future__ import annotations

from urllib.parse import urlsplit

from hivemind.aws.clients import session
from hivemind.aws.errors import translated


def presigned(url: str, *, service: str, region: str, profile: str | None, seconds: int) -> str:
    """The URL with a signature (SigV4 in its query) that is good for so many seconds.

    service: as in a signature's scope. Raises CloudUnreachable without usable credentials.
    """
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import NoCredentialsError

    with translated(service):
        credentials = session(profile).get_credentials()
        if credentials is None:
            raise NoCredentialsError
        # botocore knows the usual ports of http and https alone, so the header is given.
        request = AWSRequest(method="GET", url=url, headers={"host": urlsplit(url).netloc})
        SigV4QueryAuth(credentials.get_frozen_credentials(), service, region, expires=seconds).add_auth(request)
        return str(request.url)


def trusted(profile: str | None) -> str | None:
    """The file of certificates that API calls trust: AWS_CA_BUNDLE, the configuration's, else botocore's own."""
    from botocore.httpsession import get_cert_path

    return session(profile).get_config_variable("ca_bundle") or get_cert_path(True)


def wants_fips(profile: str | None) -> bool:
    """Whether the configuration asks for endpoints that are validated by FIPS 140."""
    return bool(session(profile).get_config_variable("use_fips_endpoint"))
