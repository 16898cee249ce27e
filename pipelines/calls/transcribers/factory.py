"""The transcriber that the settings name."""

from core.errors import ConfigurationError, NotFound
from core.languages import Language
from core.models import find_model, require
from core.settings import Settings
from pipelines.calls.transcriber import Transcriber


def build_transcriber(settings: Settings) -> Transcriber:
    """Return the configured transcriber; weights are checked now and loaded at the first sound.

    Raises:
        ModelError: the weights are missing or differ from the manifest.
        ConfigurationError: a setting names no transcriber.
    """
    from pipelines.calls.transcribers.fallback import FallbackTranscriber

    first = _one(settings, settings.calls.transcriber, "QORGAN_CALLS__TRANSCRIBER")
    if not settings.calls.fallback_transcriber:
        return first
    second = _one(settings, settings.calls.fallback_transcriber, "QORGAN_CALLS__FALLBACK_TRANSCRIBER")
    return FallbackTranscriber((first, second))


def _one(settings: Settings, name: str, setting: str) -> Transcriber:
    from pipelines.calls.transcribers.endpoint import EndpointTranscriber
    from pipelines.calls.transcribers.onnx import OnnxTranscriber
    from pipelines.calls.transcribers.whisper import WhisperTranscriber

    try:
        model = find_model(settings, name)
    except NotFound as error:
        raise ConfigurationError(f"{setting}: {error.detail}", advice=error.advice) from error
    if model.role != "transcriber":
        raise ConfigurationError(
            f"{setting}: {model.name} is a {model.role}, not a transcriber",
            advice="Name a model of the role `transcriber`; `qorgan models list` shows them.",
        )
    languages = frozenset(Language(code) for code in model.languages if code in set(Language))
    if model.kind == "endpoint":
        return EndpointTranscriber(
            url=model.location,
            name=model.name,
            languages=languages,
            default=settings.calls.language,
            api_key=settings.models.endpoint_api_key,
            timeout_s=settings.models.endpoint_timeout_s,
        )
    folder = require(settings, model.name)
    if (folder / "model.bin").is_file():
        return WhisperTranscriber(
            folder,
            name=model.name,
            languages=languages,
            default=settings.calls.language,
            threads=settings.models.threads,
            beam=settings.calls.beam,
        )
    return OnnxTranscriber(
        folder,
        name=model.name,
        languages=languages,
        default=settings.calls.language,
        threads=settings.models.threads,
    )
