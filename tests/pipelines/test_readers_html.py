"""Reading HTML pages of acts: the act without the site around it."""

from core.settings import UploadSettings
from knowledge_base.source import Paragraph, SourceDocument, TableBlock
from pipelines.acts.readers import read

PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>Правила</title><style>p {{}}</style></head>
<body><nav><a href="#">Главная</a></nav><div class="slogan">Поиск по базе</div>
<div class="container_gamma text text_upd"><article>
<h1>Об утверждении<br>правил</h1>
<p id="z1"><a name="z1"></a>1. Двери открываются&nbsp;наружу.</p>
<p class="note">      Сноска. Пункт 1 - в редакции приказа № 5.</p>
<h3>Глава 1.<br> Общие положения</h3>
<p id="z2">2. Необходимы:<br>1) выход;<br/>2) <b>лест&shy;ница</b>.</p>
{table}
<div style="display: none">черновик</div><script>var a = "код";</script>
</article></div><footer>Подвал сайта</footer></body></html>"""
TABLE = """<p>1-кесте</p><table border="1"><tr><td rowspan="2">№</td><td colspan="2">Саны</td></tr>
<tr><td>қала</td><td>ауыл</td></tr><tr><td>1</td><td>5</td><td>6</td></tr></table>
<table><tr><td></td><td>Приложение 1<br>к приказу</td></tr></table>"""


def page(table: str = "", charset: str = "utf-8") -> SourceDocument:
    return read(PAGE.format(table=table, charset=charset).encode(charset), "act.html", UploadSettings())


def paragraphs(document: SourceDocument) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def test_the_act_is_read_and_the_site_left_out() -> None:
    document = page()
    assert paragraphs(document) == [
        "Об утверждении правил",
        "1. Двери открываются наружу.",
        "Сноска. Пункт 1 - в редакции приказа № 5.",
        "Глава 1. Общие положения",
        "2. Необходимы:",
        "1) выход;",
        "2) лестница.",
    ]
    assert {("navigation", "Главная"), ("navigation", "Поиск по базе"), ("navigation", "Подвал сайта"),
            ("hidden text", "черновик"), ("script or style", 'var a = "код";')} <= set(document.left_out)  # fmt: skip
    assert document.metadata["title"] == "Правила"


def test_headings_are_bold() -> None:
    bold = [block.text for block in page().blocks if isinstance(block, Paragraph) and block.bold]
    assert bold == ["Об утверждении правил", "Глава 1. Общие положения"]


def test_tables_keep_their_spans_and_layouts_are_unwrapped() -> None:
    document = page(TABLE)
    (table,) = (block for block in document.blocks if isinstance(block, TableBlock))
    assert table.caption == "1-кесте"
    assert table.rows == (("№", "Саны", ""), ("", "қала", "ауыл"), ("1", "5", "6"))
    assert table.header_rows == 2
    assert paragraphs(document)[-2:] == ["Приложение 1", "к приказу"]


def test_a_page_in_an_old_encoding_and_one_that_lies_about_it() -> None:
    assert page(charset="windows-1251").metadata["encoding"] == "windows-1251"
    lying = PAGE.format(table="", charset="utf-8").encode("cp1251")
    assert paragraphs(read(lying, "act.html", UploadSettings())) == paragraphs(page())


def test_lists_carry_the_numbers_a_browser_prints() -> None:
    document = page('<ol type="a" start="2"><li>первое</li><li value="5">второе</li></ol><ul><li>третье</li></ul>')
    assert paragraphs(document)[-3:] == ["b. первое", "e. второе", "третье"]


def test_text_without_an_article_is_read_whole() -> None:
    document = read(
        b"<html><body>1. <b>One</b><div>2. Two<table><tr><td>x</td></tr></table></div></body></html>",
        "a",
        UploadSettings(),
    )
    assert paragraphs(document) == ["1. One", "2. Two", "x"]


def test_the_name_of_an_act_above_its_text_is_read() -> None:
    page = (
        "<html><body><div class='menu'><a href='/'>Главная</a></div>"
        "<div class='container_alpha slogan'><h1>Об утверждении правил</h1><p>Приказ от 1 мая 2031 года № 5</p></div>"
        "<div class='container_gamma text'><article><p>1. Двери мастерских и складов открываются наружу, по ходу "
        "выхода, и не запираются.</p><p>2. Проходы держат свободными всегда, в любое время года и суток.</p>"
        "</article></div><div class='footer'>Подвал</div></body></html>"
    )
    document = read(page.encode(), "act.html", UploadSettings())
    assert paragraphs(document)[:2] == ["Об утверждении правил", "Приказ от 1 мая 2031 года № 5"]
    assert ("navigation", "Подвал") in document.left_out


def test_two_languages_side_by_side_are_read_one_after_the_other() -> None:
    kazakh = [
        "Шеберханалар туралы оқу ережесі",
        "1.1 Есіктерді күні бойы бос ұстау қажет.",
        "1.2 Шамдар үстелдің үстіне ілінеді.",
    ]
    russian = [
        "Учебное положение о мастерских",
        "1.1 Двери держат свободными весь день.",
        "1.2 Лампы вешают над каждым столом.",
    ]
    rows = "".join(f"<tr><td><p>{a}</p></td><td><p>{b}</p></td></tr>" for a, b in zip(kazakh, russian, strict=True))
    document = read(f"<html><body><table>{rows}</table></body></html>".encode(), "act.html", UploadSettings())
    assert paragraphs(document) == kazakh + russian
