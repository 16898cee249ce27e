"""The languages people of Kazakhstan's civil protection use with the service."""

from enum import StrEnum


class Language(StrEnum):
    """ISO 639-1 code of a language the service reads and answers in."""

    RU = "ru"
    KK = "kk"
    EN = "en"
