"""The one tree of errors.

    QorganError
    ├── UserError                 the caller can mend it; `advice` says how
    │   ├── InvalidInput          422  malformed or unusable value
    │   ├── NotReadable           422  a file that cannot be read as what it claims to be
    │   ├── TooLarge              413  over a limit that is a setting
    │   ├── NotFound              404
    │   ├── Conflict              409
    │   ├── NotAuthenticated      401
    │   ├── NotAllowed            403
    │   ├── TooManyRequests       429
    │   └── SwitchedOff           503  an administrator turned the capability off, with a reason
    └── ServiceError              the operator can mend it
        ├── ConfigurationError    500  a setting is wrong or missing
        ├── ModelError            500  weights missing, altered or unusable
        ├── StorageError          500
        └── Unavailable           503  a dependency does not answer; `retryable`

Every error has a stable `code` (kebab-case, part of the API), a `detail` for people and `advice`: what to do.
"""

from typing import ClassVar


class QorganError(Exception):
    """Root of the tree.

    `detail` says what was wrong and where, `advice` what to do about it. Neither ever holds personal data or
    the content of a document: both go to logs.
    """

    code: ClassVar[str] = "internal-error"
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, advice: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice


class UserError(QorganError):
    """The caller's mistake."""

    code = "bad-request"
    http_status = 400


class InvalidInput(UserError):
    """A value that is malformed or cannot be used."""

    code = "invalid-input"
    http_status = 422


class NotReadable(UserError):
    """A file that cannot be read as the kind it is."""

    code = "not-readable"
    http_status = 422


class TooLarge(UserError):
    """An input over a limit; the limit is a setting and is named in `advice`."""

    code = "too-large"
    http_status = 413


class NotFound(UserError):
    """No such record, or none the caller may see."""

    code = "not-found"
    http_status = 404


class Conflict(UserError):
    """The request contradicts what is stored."""

    code = "conflict"
    http_status = 409


class NotAuthenticated(UserError):
    """Nobody, or nobody we know."""

    code = "not-authenticated"
    http_status = 401


class NotAllowed(UserError):
    """Known, but without the permission."""

    code = "not-allowed"
    http_status = 403


class TooManyRequests(UserError):
    """Over a rate limit."""

    code = "too-many-requests"
    http_status = 429
    retryable = True


class SwitchedOff(UserError):
    """The capability is turned off by an administrator; `detail` carries the reason."""

    code = "switched-off"
    http_status = 503


class ServiceError(QorganError):
    """The operator's to mend."""


class ConfigurationError(ServiceError):
    """A setting is wrong or missing; named in `detail`."""

    code = "configuration-error"


class ModelError(ServiceError):
    """Model weights are missing, altered or unusable."""

    code = "model-error"


class StorageError(ServiceError):
    """Records or blobs cannot be read or written."""

    code = "storage-error"


class Unavailable(ServiceError):
    """A dependency does not answer for now."""

    code = "unavailable"
    http_status = 503
    retryable = True
