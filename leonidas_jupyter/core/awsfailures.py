"""What a failed call of AWS means, in one sentence for people, without addresses and secrets."""

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any


class Cause(StrEnum):
    """Why AWS did not do what it was asked."""

    CREDENTIALS = auto()
    EXPIRED = auto()
    CLOCK = auto()
    DENIED = auto()
    THROTTLED = auto()
    UNREACHABLE = auto()
    UNTRUSTED = auto()
    FAULT = auto()


@dataclass(frozen=True)
class Failure:
    """A failed call: ``message`` for people; trying again makes sense after ``retry_after`` s."""

    cause: Cause
    message: str
    retry_after: int


_CODES = {
    Cause.CREDENTIALS: (
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ),
    Cause.EXPIRED: ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"),
    Cause.CLOCK: ("RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"),
    Cause.DENIED: (
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "Forbidden",
        "KMSAccessDeniedException",
        "NotAuthorized",
        "UnauthorizedOperation",
    ),
    Cause.THROTTLED: (
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ),
    Cause.FAULT: (
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    ),
}
_CAUSE = {code: cause for cause, codes in _CODES.items() for code in codes}
_RETRY_AFTER = {Cause.THROTTLED: 5, Cause.FAULT: 5, Cause.UNREACHABLE: 10}
_LONG = 60
"""Seconds after which what somebody must put right first may have been put right."""

_SENTENCES = {
    Cause.CREDENTIALS: "{what} does not know the server's AWS credentials; correct the profile, "
    "role or keys that the server is started with.",
    Cause.EXPIRED: "The server's AWS credentials have expired; sign in to AWS again, or give the "
    "server a role.",
    Cause.CLOCK: "The server's clock differs too much from that of AWS; set it right.",
    Cause.DENIED: "{what} does not allow the server to do this; grant it {permission}.",
    Cause.THROTTLED: "{what} is asked for more than it takes at the moment; try again soon.",
    Cause.UNREACHABLE: "{what} cannot be reached; check the network, the proxy and the endpoint, "
    "and try again.",
    Cause.UNTRUSTED: "{what} shows a certificate that is not trusted here; set ca_bundle to a "
    "file of the certificates that your network uses.",
    Cause.FAULT: "{what} has a fault; try again soon.",
}
_NO_CREDENTIALS = (
    "No AWS credentials were found; give the server a profile, a role or the usual AWS variables."
)
_NO_PROFILE = "The AWS profile that is set does not stand in the AWS configuration; correct it."

_NEEDED = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_SKEWED = re.compile(r"Signature (?:expired|not yet current)", re.IGNORECASE)
_OTHER_PERMISSION = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CopyObject": "s3:GetObject and s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObject",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject and s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "ListParts": "s3:ListMultipartUploadParts",
    "TransactGetItems": "dynamodb:GetItem",
    "TransactWriteItems": "dynamodb:PutItem, UpdateItem, DeleteItem and ConditionCheckItem",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:GetObject and s3:PutObject",
}
"""Calls whose permission has another name than they (Service Authorization Reference)."""


def explain(error: BaseException, what: str, service: str) -> Failure | None:
    """What a failure of boto3 means; None where it is none of AWS's, or a mistake in the request.

    ``what`` begins a sentence and names the thing ("DynamoDB", "The bucket of the uploaded
    files"); ``service`` is the prefix of its permissions ("dynamodb", "s3").
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return _of_answer(error, what, service)
    if isinstance(error, BotoCoreError):
        return _without_answer(error, what)
    return None


def error_code(error: BaseException) -> str:
    """The code of a ClientError; nothing for others."""
    response = getattr(error, "response", None) or {}  # broken streams have one that is None
    return str(response.get("Error", {}).get("Code", ""))


def _of_answer(error: Any, what: str, service: str) -> Failure | None:  # noqa: ANN401 - botocore has no types
    detail = str(error.response.get("Error", {}).get("Message", ""))
    cause = Cause.CLOCK if _SKEWED.search(detail) else _CAUSE.get(error_code(error))
    if cause is None:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status < 500:
            return None
        cause = Cause.FAULT
    needed = _NEEDED.search(detail)
    name = error.operation_name
    permission = needed[1] if needed else _OTHER_PERMISSION.get(name, f"{service}:{name}")
    return _failure(cause, what, permission=permission)


def _without_answer(error: Exception, what: str) -> Failure | None:
    from botocore import exceptions

    if isinstance(error, exceptions.ProfileNotFound):
        return Failure(Cause.CREDENTIALS, _NO_PROFILE, _LONG)
    missing = (
        exceptions.CredentialRetrievalError,
        exceptions.MetadataRetrievalError,
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
    )
    if isinstance(error, missing):
        return Failure(Cause.CREDENTIALS, _NO_CREDENTIALS, _LONG)
    if isinstance(error, exceptions.SSOError | exceptions.TokenRetrievalError):
        return _failure(Cause.EXPIRED, what)
    if isinstance(error, exceptions.SSLError):
        return _failure(Cause.UNTRUSTED, what)
    network = (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
    )
    return _failure(Cause.UNREACHABLE, what) if isinstance(error, network) else None


def _failure(cause: Cause, what: str, **facts: str) -> Failure:
    message = _SENTENCES[cause].format(what=what, **facts)
    return Failure(cause, message, _RETRY_AFTER.get(cause, _LONG))
