"""What facts, values and causes are called, for pages, documents and the command line."""

from core.case_records import FactValue
from core.languages import Language
from pipelines.cases.classifier import causes
from pipelines.cases.schema import FactSchema

_YES_NO = {
    Language.RU: ("нет", "да"),
    Language.KK: ("жоқ", "иә"),
    Language.EN: ("no", "yes"),
}

_UNITS = {
    Language.RU: {"m2": "м²", "m/s": "м/с", "°C": "°C"},
    Language.KK: {"m2": "м²", "m/s": "м/с", "°C": "°C"},
    Language.EN: {"m2": "m²", "m/s": "m/s", "°C": "°C"},
}


class Wording:
    """Names in one language; what has no name is called by its id or by itself."""

    def __init__(self, schema: FactSchema, language: Language) -> None:
        self._schema, self.language = schema, language

    def fact(self, fact: str) -> str:
        """Return the name of a fact."""
        known = self._schema.facts.get(fact)
        return known.names[self.language] if known else fact

    def value(self, fact: str, value: FactValue) -> str:
        """Return a value as people write it: without the trailing zeros of a number, with its unit."""
        if isinstance(value, bool):
            return _YES_NO[self.language][value]
        known = self._schema.facts.get(fact)
        if isinstance(value, float | int):
            number = f"{value:.10g}"
            shown = _UNITS[self.language].get(known.unit, "") if known else ""
            return f"{number} {shown}".strip()
        return known.name_of(value, self.language) if known else value

    def cause(self, cause: str) -> str:
        """Return the name of a cause: of the classifier where it is a code, else as the cases write it."""
        code = causes().codes.get(cause)
        return code.names[self.language] if code else cause
