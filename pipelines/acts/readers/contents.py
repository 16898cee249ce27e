"""Contents pages: titles with the pages they stand on  # содержание, мазмұны."""

import re
from collections.abc import Sequence

CONTENTS = "contents"

_LEADER = re.compile(r"(?:\.\s?){4,}\s*\d{0,4}\s*$|(?:…\s?){2,}\s*\d{0,4}\s*$|_{5,}\s*\d{1,4}\s*$")
_HEADING = re.compile(r"^\W*(содержание|оглавление|мазмұны|contents|table of contents)\W*$", re.IGNORECASE)
_ENTRY_END = re.compile(r"[^\d\W][^\d]*\s\d{1,4}\s*$")
_FEWEST = 3
_FARTHEST = 5  # lines between two entries


def find_contents(pages: Sequence[Sequence[str]]) -> set[tuple[int, int]]:
    """Return the places (page index, line index) of the lines of contents.

    Contents are lines with leaders to a page number, three or more on a page, with what stands between them and
    the heading above; or, under such a heading, a run of lines that end in a number.
    """
    found: set[tuple[int, int]] = set()
    open_page = -2  # the last page that ended inside contents
    for page, lines in enumerate(pages):
        leaders = _together([i for i, line in enumerate(lines) if _LEADER.search(line)])
        headings = [i for i, line in enumerate(lines) if _HEADING.match(line)]
        goes_on = open_page == page - 1
        if len(leaders) >= _FEWEST or (leaders and goes_on):
            start = 0 if goes_on else next((h for h in headings if 0 < leaders[0] - h < _FARTHEST), leaders[0])
            found.update((page, i) for i in range(start, leaders[-1] + 1))
            if leaders[-1] >= len(lines) - 3:
                open_page = page
        elif headings:
            end = _plain_entries(lines, headings[0])
            if end:
                found.update((page, i) for i in range(headings[0], end))
    return found


def _together(leaders: list[int]) -> list[int]:
    """The first long enough run of lines with leaders; dots far apart are blanks to be filled in."""
    run: list[int] = []
    for index in leaders:
        if run and index - run[-1] > _FARTHEST:
            if len(run) >= _FEWEST:
                break
            run = []
        run.append(index)
    return run


def _plain_entries(lines: Sequence[str], heading: int) -> int:
    """The end of a run of entries without leaders under a heading, or 0: page numbers that never go down."""
    last_page, end, entries = 0, 0, 0
    for index in range(heading + 1, len(lines)):
        if _ENTRY_END.search(lines[index]):
            number = int(lines[index].split()[-1])
            if number < last_page:
                break
            last_page, end, entries = number, index + 1, entries + 1
        elif end and index - end > 2:
            break
    return end if entries >= _FEWEST else 0
