"""Refuses what is not a question about norms, before anything is searched."""

from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent, intent_of
from agents.assistant.language import language_of
from agents.assistant.messages import message
from agents.assistant.topics import is_outside
from core.languages import Language
from core.records import Abstention


def guard(ask: Ask) -> Ask:
    """Set language and intent; abstain on an unknown language, on attempts to change the rules, and on small talk."""
    language = ask.language or language_of(ask.question)
    if language is None:
        raise Abstained(Abstention.OUT_OF_SCOPE, message("out_of_scope.language", Language.RU))
    intent = intent_of(ask.question)
    if intent is Intent.INJECTION:
        raise Abstained(Abstention.OUT_OF_SCOPE, message("out_of_scope.injection", language))
    if intent is Intent.SELF:
        raise Abstained(Abstention.OUT_OF_SCOPE, message("out_of_scope.self", language))
    if intent in (Intent.ASK, Intent.DEFINE) and is_outside(ask.question):
        raise Abstained(Abstention.OUT_OF_SCOPE, message("out_of_scope.default", language))
    return replace(ask, language=language, intent=intent)
