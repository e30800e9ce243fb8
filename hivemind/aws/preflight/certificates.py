"""H486, H487: whether the load balancer can use the certificate, and whether it is for the hosts."""

from __future__ import annotations

from collections.abc import Iterator

from hivemind.aws.preflight.subject import Subject
from hivemind.blueprint.https_rules import covers
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity

LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def certificates(subject: Subject) -> Iterator[Finding]:
    """An error for a certificate that is not there, not issued or past its end; a warning for hosts that it is not
    for. Asked of one that the blueprint names, where the listener is to be made or changed."""
    arn = subject.blueprint.certificate
    if not (arn or "").startswith("arn:") or not any(subject.set(LISTENER, "Certificates")):
        return
    try:
        found = subject.cloud.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except CloudCallFailed as error:
        if error.code != "ResourceNotFoundException":
            raise
        yield _finding("H486", Severity.ERROR, f"there is no certificate {arn}", "`aws acm list-certificates` has all.")
        return
    status, ends = found.get("Status", ""), found.get("NotAfter")
    if status != "ISSUED":
        hint = (
            "Add the DNS records that ACM asks for: `aws acm describe-certificate` shows them."
            if status == "PENDING_VALIDATION"
            else "Request another one."
        )
        message = f"the certificate is not issued: ACM says {status}, so the load balancer refuses it"
        yield _finding("H486", Severity.ERROR, message, hint)
    elif ends is not None and ends <= subject.now:
        yield _finding(
            "H486", Severity.ERROR, f"the certificate ended on {ends:%Y-%m-%d}", "Import or request a new one."
        )
    names = {found.get("DomainName", ""), *found.get("SubjectAlternativeNames", ())}
    hosts = {route.host for service in subject.blueprint.web_services for route in service.routes if route.host}
    hosts |= set(subject.blueprint.domain)
    if bare := sorted(host for host in hosts if not any(covers(name, host) for name in names)):
        message = f"the certificate is not for {', '.join(bare)}, only for {', '.join(sorted(filter(None, names)))}"
        yield _finding(
            "H487", Severity.WARNING, message, "Browsers will refuse these hosts. Request one for all hosts."
        )


def _finding(rule: str, severity: Severity, message: str, hint: str) -> Finding:
    return Finding(rule, severity, message, hint=hint, path="certificate")
