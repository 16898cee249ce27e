"""The place of an incident, from dialogues written for these tests."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.call_records import CardField, LegName, Segment, Word
from pipelines.calls.place import locate_incident

NAMES = ("settlement", "street", "house", "flat")


def call(text: str) -> tuple[Segment, ...]:
    """«О:» lines are the operator's, the others the caller's; a word takes 0.4 s."""
    segments, at = [], 0.0
    for line in text.strip().splitlines():
        who, _, said = line.strip().partition(": ")
        words = tuple(Word(word, at + 0.4 * i, at + 0.4 * i + 0.35) for i, word in enumerate(said.split()))
        leg = LegName.OPERATOR if who == "О" else LegName.CALLER
        segments.append(Segment(leg, at, words[-1].end_s, words))
        at = words[-1].end_s + 0.5
    return tuple(segments)


def locate(text: str) -> dict[str, CardField]:
    return {field.name: field for field in locate_incident(call(text))}


CALLS: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    (
        "О: Какой адрес?\nА: Я звоню из Алматы, а горит дача в Талгаре, улица Рыскулова, дом семь.",
        ("Талгар", "улица Рыскулова", "7", None),
    ),
    (
        "О: Адрес?\n"
        "А: Шымкент, Аль-Фарабийский район, микрорайон Нурсат, дом сорок пять, квартира шестнадцать, пятый этаж.",
        ("Шымкент", "микрорайон Нурсат", "45", "16"),
    ),
    (
        "О: Где вы находитесь?\n"
        "А: На Абая сто двадцать, город Тараз.\n"
        "О: Абая сто двенадцать?\n"
        "А: Нет-нет, сто двадцать!",
        ("Тараз", "улица Абая", "120", None),
    ),
    (
        "О: Адрес говорите.\nА: Пятый микрорайон, дом двенадцать, квартира тридцать, Актау.",
        ("Актау", "5 микрорайон", "12", "30"),
    ),
    (
        "О: Город какой?\nА: Усть-Каменогорск. Проспект Назарбаева, пятьдесят восемь дробь два.",
        ("Усть-Каменогорск", "проспект Назарбаева", "58/2", None),
    ),
    (
        "О: Мекенжайыңызды айтыңыз.\n"
        "А: Зерендінің жанында, Абай көшесі, он бесінші үй, жиырма екінші пәтер. Көкшетау қаласы.",
        ("Кокшетау", "улица Абая", "15", "22"),
    ),
    (
        "О: Қайда өрт?\nА: Қызылорда қаласында, Қорқыт ата көшесі елу екі үй.",
        ("Кызылорда", "улица Коркыт ата", "52", None),
    ),
    (
        "О: Где авария?\nА: На сто двадцатом километре трассы Астана — Караганда, напротив заправки.",
        (None, "трасса Астана–Караганда", "120 км", None),
    ),
    (
        "О: Какой дом?\nА: Ой, нет, не двенадцать, а четырнадцать, улица Сатпаева, Экибастуз.",
        ("Экибастуз", "улица Сатпаева", "14", None),
    ),
    (
        "О: Улица какая?\n"
        "А: Гоголя.\n"
        "О: Номер дома?\n"
        "А: Сорок семь.\n"
        "О: Квартира?\n"
        "А: Девять.\n"
        "О: Город Костанай?\n"
        "А: Да.",
        ("Костанай", "улица Гоголя", "47", "9"),
    ),
    (
        "А: Горит сарай, посёлок Боровое, улица Кенесары, двадцать один!\nО: Расчёты выехали из Щучинска.",
        ("посёлок Бурабай", "улица Кенесары", "21", None),
    ),
    (
        "О: Адрес?\nА: Угол Абая и Достык, Алматы, Медеуский район.",
        ("Алматы", "улица Абая", None, None),
    ),
    (
        "О: Откуда звоните?\nА: Село Узынагаш, Жамбылский район, улица Школьная, дом три а.",
        ("село Узынагаш", "улица Школьная", "3а", None),
    ),
    (
        "О: Адрес?\n"
        "А: В городе Целинограде, то есть в Астане, район Есиль, проспект Мангилик Ел, дом пятьдесят пять корпус два.",
        ("Астана", "проспект Мангилик Ел", "55 корпус 2", None),
    ),
    (
        "О: Адрес скажите.\nА: Семипалатинск, по улице Садовой, семнадцать.",
        ("Семей", "улица Садовая", "17", None),
    ),
    (
        "О: Адрес?\nА: Петропавловск, переулок Школьный, восемь. Мой брат живёт в Караганде, он тоже приедет.",
        ("Петропавловск", "переулок Школьный", "8", None),
    ),
    (
        "О: Сто двенадцать.\n"
        "А: Мы на трассе Алматы — Бишкек, тридцать первый километр, не доезжая до поста.\n"
        "О: Сорок первый километр?\n"
        "А: Нет, тридцать первый!",
        (None, "трасса Алматы–Бишкек", "31 км", None),
    ),
    (
        "О: Адрес?\nА: Рудный, Космонавтов десять, квартира два, код домофона двадцать пять.",
        ("Рудный", "улица Космонавтов", "10", "2"),
    ),
    (
        "О: Где?\nА: В районе рынка, город Уральск, улица Евразия, дом сто два, первый подъезд.",
        ("Уральск", "улица Евразия", "102", None),
    ),
    (
        "О: Адрес происшествия?\nА: Атырау, мкр Нурсая, дом шестьдесят один.",
        ("Атырау", "микрорайон Нурсая", "61", None),
    ),
    (
        "О: Адрес?\nА: Город Капчагай, четвёртый микрорайон, тридцать пятый дом.",
        ("Қонаев", "4 микрорайон", "35", None),
    ),
    (
        "О: Назовите адрес.\n"
        "А: Жезказган, бульвар Космонавтов, дом восемь, кв двадцать два.\n"
        "О: Бульвар Космонавтов восемь, квартира двадцать один?\n"
        "А: Двадцать два!",
        ("Жезказган", "бульвар Космонавтов", "8", "22"),
    ),
    (
        "О: Адрес?\nА: Алматы, микрорайон Аксай четыре, дом сто семь, квартира двадцать один.",
        ("Алматы", "микрорайон Аксай-4", "107", "21"),
    ),
    (
        "О: Куда ехать?\n"
        "А: Актобе, район Астана, улица Маресьева, восемьдесят девять. "
        "Телефон восемь семьсот пять, сто двадцать три, сорок пять, шестьдесят семь.",
        ("Актобе", "улица Маресьева", "89", None),
    ),
    (
        "О: Адрес?\n"
        "А: Турксибский район, улица Сейфуллина, триста сорок, дом девятиэтажный, мне сорок лет, нас пять человек.",
        ("Алматы", "улица Сейфуллина", "340", None),
    ),
    (
        "О: Адрес?\nА: село Мерке, исмаилова двенадцать",
        ("село Мерке", None, None, None),
    ),
    (
        "О: Номер дома и улица?\n"
        "А: Проспект Республики, дом семнадцать, квартира сто три, город Темиртау. Ой, дом девятнадцать!",
        ("Темиртау", "проспект Республики", "19", "103"),
    ),
    (
        "О: Мекенжай?\nА: Ақтөбе, Әбілқайыр хан даңғылы, отыз үш, қырық бесінші пәтер.",
        ("Актобе", "проспект Абулхаир хана", "33", "45"),
    ),
    (
        "О: Адрес?\nА: Кокшетау, микрорайон Васильковский, двадцать шесть, квартира восемь.",
        ("Кокшетау", "микрорайон Васильковский", "26", "8"),
    ),
    (
        "О: Адрес?\nА: Аксу, улица Ленина, дом пять, Павлодарская область.",
        ("Аксу", "улица Ленина", "5", None),
    ),
    (
        "О: Какая улица?\nА: Мира, десять, Степногорск.",
        ("Степногорск", "улица Мира", "10", None),
    ),
    (
        "О: Адрес, пожалуйста.\n"
        "А: Алматинская область, Карасайский район, город Каскелен, улица Абылай хана, двести тридцать.",
        ("Каскелен", "улица Абылай хана", "230", None),
    ),
    (
        "А: Талдықорған қаласы, Қабанбай батыр көшесі, жүз елу үй.",
        ("Талдыкорган", "улица Кабанбай батыра", "150", None),
    ),
    (
        "О: Адрес?\nА: Село Ивановка.\nО: Район какой?\nА: Узункольский, Костанайская область.",
        ("село Ивановка", None, None, None),
    ),
    (
        "О: Адрес?\nА: Улица Восьмого марта, дом шесть, Лисаковск.",
        ("Лисаковск", "улица 8 Марта", "6", None),
    ),
    (
        "О: Адрес?\nА: Лисаковск, проспект сорок лет Победы, три.",
        ("Лисаковск", "проспект 40 лет Победы", "3", None),
    ),
    (
        "О: Улица и дом?\n"
        "А: Гоголя сорок семь.\n"
        "О: Город?\n"
        "А: Костанай.\n"
        "О: Гоголя, сорок семь, Костанай?\n"
        "А: Нет, Гоголя тридцать семь.",
        ("Костанай", "улица Гоголя", "37", None),
    ),
    (
        "О: Скорая, адрес?\n"
        "А: Щучинск, улица Ауэзова, сто пять... ой, точнее, сто пятнадцать, квартира шесть.\n"
        "О: Ауэзова сто пятнадцать, квартира шесть.",
        ("Щучинск", "улица Ауэзова", "115", "6"),
    ),
    (
        "О: Что случилось?\nА: Мужчина упал в реку Иртыш, набережная, Павлодар, около моста.",
        ("Павлодар", None, None, None),
    ),
    (
        "О: Адрес?\nА: Село Шелек, Енбекшиказахский район.\nО: Улица?\nА: Жибек жолы, сто четыре.",
        ("село Шелек", "улица Жибек жолы", "104", None),
    ),
    (
        "О: Адрес?\nА: Отрарский район, село Шаульдер, улица Жибек жолы, дом двадцать.",
        ("село Шаульдер", "улица Жибек жолы", "20", None),
    ),
    (
        "О: Адрес?\n"
        "А: Проспект Шакарима, дом сорок, город Семей, третий подъезд, восьмой этаж, квартира сто двенадцать.",
        ("Семей", "проспект Шакарима", "40", "112"),
    ),
)


@pytest.mark.parametrize(("text", "expected"), CALLS, ids=[text.partition("А: ")[2][:40] for text, _ in CALLS])
def test_the_address_is_found(text, expected):
    found = locate(text)
    assert tuple(found[name].value if name in found else None for name in NAMES) == expected


def test_what_follows_from_the_place_is_marked():
    found = locate("О: Адрес?\nА: Экибастуз, улица Ауэзова, сорок.")
    assert (found["region"].value, found["region"].note) == ("Павлодарская область", "gazetteer")
    assert (found["district"].value, found["district"].note) == ("Экибастуз Г.А.", "gazetteer")
    assert (found["kato"].value, found["settlement"].note) == ("552210000", "")
    assert found["settlement"].evidence[0].text == "Экибастуз,"


def test_a_village_of_a_common_name_is_told_by_its_district_and_unsure_without():
    bare = locate("О: Адрес?\nА: Село Садовое.")
    told = locate("О: Адрес?\nА: Село Садовое, Сандыктауский район.")
    other = locate("О: Адрес?\nА: Село Садовое. Атбасарский район.")
    assert bare["settlement"].confidence < 0.7 < other["settlement"].confidence
    assert "region" not in bare
    assert other["kato"].value == "113852200"
    assert told["district"].value == "Сандыктауский район"


def test_nothing_follows_from_a_road():
    found = locate("О: Где авария?\nА: Трасса Астана Караганда, сто пятый километр.")
    assert set(found) == {"street", "house"}


def test_where_brigades_come_from_is_no_place_of_the_incident():
    found = locate("О: Что у вас?\nА: Горит степь, село Зеренда!\nО: Расчёты выехали из Кокшетау, ждите.")
    assert found["settlement"].value == "село Зеренда"


def test_the_landmark_gathers_floor_entrance_and_signs():
    found = locate("О: Адрес?\nА: Тараз, Толе би семь, третий подъезд, пятый этаж, напротив школы, во дворе.")
    assert found["landmark"].value == "5 этаж, 3 подъезд, напротив школы, во дворе"


def test_a_call_of_no_place_has_no_place():
    assert locate("О: Сто двенадцать, слушаю.\nА: Ой, ошибся номером, извините. Мне восемьдесят лет.") == {}


def test_a_name_cut_by_the_transcriber_is_read_across_its_segments():
    first, second, third = call("О: Адрес?\nА: Костанай, проспект\nА: Абая, двенадцать.")
    found = {field.name: field for field in locate_incident((first, second, third))}
    assert found["street"].value == "проспект Абая"
    assert [evidence.text for evidence in found["street"].evidence] == ["проспект", "Абая,"]


def test_an_unsure_transcriber_is_helped_by_the_gazetteer():
    words = [("Корраганда", 0.4), ("утлица", 0.5), ("Верубаева", 0.4), ("31,", 0.9)]
    ask = call("О: Какой адрес?")
    said = Segment(LegName.CALLER, 5, 7, tuple(Word(w, 5 + i / 2, 5.4 + i / 2, p) for i, (w, p) in enumerate(words)))
    found = {field.name: field for field in locate_incident((*ask, said))}
    assert [found[name].value for name in NAMES[:3]] == ["Караганда", "улица Ерубаева", "31"]
    assert found["settlement"].confidence < 0.97


LEGS = st.sampled_from(list(LegName))
WORDS = st.one_of(
    st.text(max_size=10),
    st.sampled_from(
        [
            "улица",
            "Абая",
            "дом",
            "пять,",
            "город",
            "Алматы",
            "район",
            "область",
            "километр",
            "трасса",
            "—",
            "нет,",
            "не",
            "Костанай?",
            "квартира",
            "село",
            "5",
            "этаж",
            "а",
            "из",
            "в",
            "микрорайон",
            "Самал",
            "угол",
            "и",
            "шағын",
            "ауданы",
            "көшесі",
            "үй",
            "корпус",
            "дробь",
            "жанында",
            "Талгар.",
            "г.",
            "мкр",
        ]
    ),
)


@settings(deadline=None)
@given(st.lists(st.tuples(LEGS, st.lists(WORDS, max_size=12)), max_size=6))
def test_any_words_give_fields_whose_evidence_is_in_their_segments(turns):
    segments = tuple(
        Segment(
            leg,
            float(i),
            i + 0.9,
            tuple(Word(word, i + j / 20, i + j / 20 + 0.04, j % 3 / 2) for j, word in enumerate(words)),
        )
        for i, (leg, words) in enumerate(turns)
    )
    fields = locate_incident(segments)
    assert len({field.name for field in fields}) == len(fields)
    for field in fields:
        assert 0 < field.confidence <= 1
        assert field.evidence
        for evidence in field.evidence:
            assert any(
                segment.leg is evidence.leg and evidence.text in segment.text and segment.start_s <= evidence.start_s
                for segment in segments
            )


def test_a_call_of_five_minutes_takes_little_time():
    text = "\n".join(text for text, _ in CALLS[:12]) + "\n" + "А: Ну что же вы там, скорее приезжайте, дым идёт!\n" * 30
    segments = call(text)
    locate_incident(segments)
    best = float("inf")
    for _ in range(5):
        start = time.thread_time()
        locate_incident(segments)
        best = min(best, time.thread_time() - start)
    assert best < 0.06  # 20 ms on a quiet machine


def test_both_voices_in_one_channel_are_read_too():
    segments = call("О: Адрес?\nА: Кентау, улица Гоголя.\nО: Номер дома?\nА: Сорок семь.\nО: Квартира?\nА: Девять.")
    mixed = tuple(Segment(LegName.MIXED, s.start_s, s.end_s, s.words) for s in segments)
    found = {field.name: field.value for field in locate_incident(mixed)}
    assert [found[name] for name in NAMES] == ["Кентау", "улица Гоголя", "47", "9"]
