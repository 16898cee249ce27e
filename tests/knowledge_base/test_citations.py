from hypothesis import given
from hypothesis import strategies as st

from core.records import Verification
from knowledge_base.citations import fold, locate

SOURCE = "7.3 Ширина прохода\nмежду стеллажами «А» — не менее 1,0 м | далее"


def test_exact_quote_is_found_at_its_place():
    start, end, verified = locate("между стеллажами", SOURCE) or (0, 0, None)
    assert SOURCE[start:end] == "между стеллажами"
    assert verified is Verification.EXACT


def test_quote_is_found_through_case_line_breaks_and_dashes():
    start, end, verified = locate('ШИРИНА прохода между стеллажами "а" - не', SOURCE) or (0, 0, None)
    assert SOURCE[start:end] == "Ширина прохода\nмежду стеллажами «А» — не"
    assert verified is Verification.NORMALISED


def test_changed_number_is_not_found():
    assert locate("не менее 1,2 м", SOURCE) is None


def test_blank_is_not_a_quote():
    assert locate("  ", SOURCE) is None


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_any_substring_is_located_as_itself(source: str, a: int, b: int):
    quote = source[min(a, b) : max(a, b)]
    found = locate(quote, source)
    if quote.strip():
        assert found is not None
        assert source[found[0] : found[1]] == quote


@given(st.text(max_size=100), st.text(max_size=30))
def test_whatever_is_located_folds_to_the_quote(source: str, quote: str):
    found = locate(quote, source)
    if found is not None:
        assert fold(source[found[0] : found[1]]).text.strip() == fold(quote).text.strip()
