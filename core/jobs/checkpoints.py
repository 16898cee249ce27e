"""How checkpoints are written: JSON, never pickle, and errors as code, detail and advice."""

import json

from dbos import Serializer
from dbos import error as dbos_errors

from core.errors import QorganError
from core.jobs.records import JobError

_ERROR = "$error"


class StepFailed(Exception):
    """A failure read back from a checkpoint, or one whose own text must not be kept."""

    def __init__(self, error: JobError) -> None:
        super().__init__(error.detail)
        self.error = error


class JsonCheckpoints(Serializer):
    """Checkpoints as JSON: readable by an operator, and a forged row cannot run code as a pickle would."""

    def serialize(self, data: object) -> str:
        """Return the JSON; raise `TypeError` or `ValueError` when the data are not JSON."""
        if isinstance(data, BaseException):
            error = failure(data)
            data = {_ERROR: [error.code, error.detail, error.advice]}
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> object:
        """Return the data, a failure as `StepFailed`."""
        data = json.loads(serialized_data)
        if isinstance(data, dict) and data.keys() == {_ERROR}:
            return StepFailed(JobError(*data[_ERROR]))
        return data

    def name(self) -> str:
        """Return the name stored beside each value."""
        return "qorgan_json"


def failure(error: BaseException) -> JobError:
    """Return what may be shown of an error: all of ours, nothing of the text of others (it may hold content)."""
    if isinstance(error, StepFailed):
        return error.error
    if isinstance(error, QorganError):
        return JobError(error.code, error.detail, error.advice)
    if isinstance(error, dbos_errors.DBOSMaxStepRetriesExceeded) and error.errors:
        return failure(error.errors[-1])
    detail = (
        "the job could not be recovered"
        if isinstance(error, dbos_errors.DBOSException)
        else "an unexpected error in a step"
    )
    return JobError(
        "internal-error",
        f"{detail} ({type(error).__name__})",
        "try again; if it repeats, give the job's id to the operator",
    )
