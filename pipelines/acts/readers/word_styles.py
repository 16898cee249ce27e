"""Styles of a DOCX as far as reading needs them: bold, size, alignment, indent, list, contents."""

from dataclasses import dataclass, replace

from lxml import etree

from pipelines.acts.readers.word_numbering import W

_DEEPEST = 20  # styles based on styles


@dataclass(frozen=True)
class Look:
    """How a paragraph or a run looks; None where nothing is said."""

    bold: bool | None = None
    size: float | None = None  # points
    centred: bool | None = None
    indent: float | None = None  # points
    num_id: str | None = None
    num_level: int | None = None
    hidden: bool | None = None

    def over(self, below: "Look") -> "Look":
        """This look, with what it leaves open taken from `below`."""
        return replace(below, **{name: value for name, value in vars(self).items() if value is not None})


@dataclass(frozen=True)
class Styles:
    """The styles of a document by their ids."""

    looks: dict[str, Look]
    names: dict[str, str]
    defaults: Look
    default_style: str = ""

    def look(self, style: str | None) -> Look:
        """The look of a style, or of the document's own default paragraph style."""
        return self.looks.get(style or self.default_style, Look()).over(self.defaults)

    def is_contents(self, style: str | None) -> bool:
        """Whether the style is that of an entry of the contents ("toc 1")."""
        return self.names.get(style or "", "").casefold().startswith(("toc ", "оглавление"))


def parse_styles(root: etree._Element | None) -> Styles:
    """Read word/styles.xml."""
    if root is None:
        return Styles({}, {}, Look())
    own: dict[str, tuple[Look, str]] = {}
    names: dict[str, str] = {}
    default_style = ""
    for style in root.iter(f"{W}style"):
        style_id = style.get(f"{W}styleId", "")
        based = style.find(f"{W}basedOn")
        name = style.find(f"{W}name")
        names[style_id] = "" if name is None else name.get(f"{W}val", "")
        look = run_look(style.find(f"{W}rPr")).over(paragraph_look(style.find(f"{W}pPr")))
        own[style_id] = (look, "" if based is None else based.get(f"{W}val", ""))
        if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true"):
            default_style = style_id
    defaults = Look()
    for properties in root.iterfind(f"{W}docDefaults//{W}rPr"):
        defaults = run_look(properties)
    return Styles({style: _inherit(style, own) for style in own}, names, defaults, default_style)


def _inherit(style: str, own: dict[str, tuple[Look, str]]) -> Look:
    look, based = own[style]
    for _ in range(_DEEPEST):
        if based not in own:
            break
        below, based = own[based]
        look = look.over(below)
    return look


def paragraph_look(properties: etree._Element | None) -> Look:
    """Read a w:pPr."""
    if properties is None:
        return Look()
    align = properties.find(f"{W}jc")
    indent = properties.find(f"{W}ind")
    level, num_id = properties.find(f"{W}numPr/{W}ilvl"), properties.find(f"{W}numPr/{W}numId")
    return Look(
        centred=None if align is None else align.get(f"{W}val") == "center",
        indent=None if indent is None else _indent(indent),
        num_id=None if num_id is None else num_id.get(f"{W}val"),
        num_level=None if level is None else int(level.get(f"{W}val", "0")),
    )


def run_look(properties: etree._Element | None) -> Look:
    """Read a w:rPr."""
    if properties is None:
        return Look()
    size = properties.find(f"{W}sz")
    points = None if size is None else _number(size.get(f"{W}val"))
    return Look(
        bold=_switch(properties.find(f"{W}b")),
        size=None if points is None else points / 2,
        hidden=_switch(properties.find(f"{W}vanish")),
    )


def _indent(element: etree._Element) -> float:
    left = _number(element.get(f"{W}left") or element.get(f"{W}start")) or 0.0
    first = (_number(element.get(f"{W}firstLine")) or 0.0) - (_number(element.get(f"{W}hanging")) or 0.0)
    return (left + first) / 20  # twentieths of a point


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _switch(element: etree._Element | None) -> bool | None:
    return None if element is None else element.get(f"{W}val", "1") not in ("0", "false", "none")
