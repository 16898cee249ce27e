"""Prometheus metrics of this process. Labels come from closed sets: no ids, no addresses, no text."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter("qorgan_http_requests_total", "Requests answered", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "qorgan_http_request_seconds", "Time to answer, seconds", ("method", "route"), buckets=_SECONDS
)
ANSWERS = Counter("qorgan_answers_total", "Questions answered or not, and why not", ("status", "reason", "language"))
ANSWER_SECONDS = Histogram("qorgan_answer_seconds", "Time the assistant took, seconds", buckets=_SECONDS)
LOGINS = Counter("qorgan_logins_total", "Attempts to log in", ("outcome",))
UPLOADED_BYTES = Counter("qorgan_uploaded_bytes_total", "Bytes of accepted uploads")
CALLS = Counter("qorgan_calls_total", "Calls processed to the end or to a failure", ("source", "outcome"))
CALL_AUDIO_SECONDS = Counter("qorgan_call_audio_seconds_total", "Sound of processed recordings, seconds")
CALL_CPU_SECONDS = Counter("qorgan_call_cpu_seconds_total", "Processor time of this process on recordings, seconds")
CALL_TRANSCRIBE_SECONDS = Counter("qorgan_call_transcribe_seconds_total", "Time spent transcribing, seconds")
CALL_REAL_TIME_FACTOR = Histogram(
    "qorgan_call_real_time_factor",
    "Processor seconds a second of a recording",
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0),
)
CASES = Counter("qorgan_cases_imported_total", "Rows of files of fire cases", ("outcome",))
LIVE_CALLS = Gauge("qorgan_live_calls", "Live calls going on")
LIVE_SOCKETS = Gauge("qorgan_live_sockets", "WebSockets of live calls that are open")
LIVE_LAG_SECONDS = Histogram(
    "qorgan_live_lag_seconds",
    "From the end of a spoken word to its commitment, seconds",
    buckets=(0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 7.5, 10.0, 20.0, 60.0),
)
LIVE_READING_SECONDS = Histogram(
    "qorgan_live_reading_seconds", "Time one reading of a stretch of speech took, seconds", ("kind",), buckets=_SECONDS
)
LIVE_SHED = Counter("qorgan_live_shed_total", "Times that work was left out because of load", ("kind",))

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """Return all metrics in Prometheus's text format."""
    return generate_latest(REGISTRY)
