from __future__ import annotations

import random
import time
import tomllib
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Severity
from monitor.domain.lexicon import Lexicon, Reading, lexicon_from

SHIPPED: dict[str, Any] = tomllib.loads(files("monitor").joinpath("rules.toml").read_text("utf-8"))
LEXICON = lexicon_from(SHIPPED)
CEDILLA = str.maketrans("șțȘȚ", "şţŞŢ")
PLAIN = str.maketrans("ăâîșțĂÂÎȘȚ", "aaistAAIST")

texts = st.text(
    st.sampled_from("aăâbcdeiîlnoprsștuțv 23.,!?'’-\n@") | st.characters(exclude_categories=[]),
    max_size=80,
)
phrases = st.lists(
    st.sampled_from(
        [
            *("a treia oară", "n-ați răspuns", "de două săptămâni", "înșelat", "ANPC", "țeapă"),
            *(
                "third time",
                "charged twice",
                "Refund",
                "3 weeks",
                "still",
                "waiting",
                ".",
                ",",
                "—",
            ),
            *(
                "nu",
                "de",
                "răspunde",
                "nimeni",
                "livrare",
                "\0",
                "\ud800",
                "שלום",
                "🔥",
                "@anpc_ro",
            ),
        ]
    ),
    max_size=12,
).map(" ".join)


def reading(*words: str, **rule: Any) -> Lexicon:
    return lexicon_from({"it": {"topic": "it", "words": list(words), **rule}})


def hits(lexicon: Lexicon, text: str) -> bool:
    return bool(lexicon.read(text).because)


# ------------------------------------------------------------------------------- the shipped rules


@pytest.mark.parametrize(
    ("text", "topics", "severity"),
    [
        ("Thanks, lovely evening!", (), None),
        ("The parcel went to the neighbour", ("delivery",), None),
        ("Coletul e la vecin", ("delivery",), None),
        ("You promised a refund", ("refund",), None),
        ("Vreau să returnez produsul", ("refund",), None),
        ("It broke on day one", ("quality",), None),
        ("S-a stricat din prima zi", ("quality",), None),
        ("The invoice is wrong", ("billing",), None),
        ("Factura e greșită", ("billing",), None),
        ("Customer support is a joke", ("service",), None),
        ("Suport tehnic de tot râsul", ("service",), None),
        ("I cannot log in", ("app",), None),
        ("Aplicația se blochează", ("app",), None),
        ("The cashier was rude", ("staff",), None),
        ("Vânzătoarea a fost obraznică", ("staff",), None),
        ("Always sold out", ("availability",), None),
        ("Iar nu e pe stoc", ("availability",), None),
        ("They refuse the warranty", ("warranty",), None),
        ("Nu vor să audă de garanție", ("warranty",), None),
        ("The charger caught fire", ("safety",), Severity.CRITICAL),
        ("Incarcatorul a luat foc", ("safety",), Severity.CRITICAL),
        ("My son had an allergic reaction", ("safety",), Severity.CRITICAL),
        ("Copilul e la spital, intoxicație", ("safety",), Severity.CRITICAL),
        ("Your data breach is in the news", ("privacy",), Severity.CRITICAL),
        ("În cont văd datele altcuiva", ("privacy",), Severity.CRITICAL),
        ("A request under GDPR", ("privacy",), Severity.HIGH),
        ("Date personale cerute fără rost", ("privacy",), Severity.HIGH),
        ("My lawyer will write to you", ("legal",), Severity.HIGH),
        ("See you in court", ("legal",), Severity.HIGH),
        ("Ne vedem la protectia consumatorului", ("legal",), Severity.HIGH),
        ("Vă reclam la A.N.P.C., adică ANPC", ("legal",), Severity.HIGH),
        ("Going to the police", ("legal",), Severity.HIGH),
        ("I was charged twice", ("billing",), Severity.HIGH),
        ("Mi s-a retras de două ori", ("billing",), Severity.HIGH),
        ("This is the third time", (), Severity.HIGH),
        ("A treia oară când scriu", (), Severity.HIGH),
        ("Still waiting", (), Severity.HIGH),
        ("Nici acum n-aţi răspuns", (), Severity.HIGH),
        ("It has been 3 weeks", (), Severity.HIGH),
        ("Aștept de două săptămâni", (), Severity.HIGH),
        ("de 2 saptamani", (), Severity.HIGH),
        ("The courier threw it over the fence", ("delivery",), None),
        ("Lipsesc piese din cutie", ("quality",), None),
        ("lipsesc piese si mancarea rece", ("quality",), None),
        ("Let me cancel my subscription", ("billing",), None),
        ("Vreau dezabonare", ("billing",), None),
        ("The installer never came", ("delivery", "service"), None),
        ("Nu s-a prezentat nimeni", ("service",), None),
        ("My internet is down", ("app",), None),
        ("N-am internet de azi-dimineață", ("app",), None),
        ("discriminare la ghiseu", ("service", "staff"), None),
        ("My kid got hurt on your slide", ("safety",), Severity.CRITICAL),
        ("M-am tăiat în capacul vostru", ("safety",), Severity.CRITICAL),
        ("m-am taiat in capacul vostru", ("safety",), Severity.CRITICAL),
        ("Somebody logged into my account", ("privacy",), Severity.CRITICAL),
        ("Mi-au clonat cardul", ("privacy",), Severity.CRITICAL),
        ("I demand compensation", ("billing",), Severity.HIGH),
        ("Vreau despăgubiri", ("billing",), Severity.HIGH),
        ("vreau despagubiri", ("billing",), Severity.HIGH),
        ("You owe me 300 euro", ("billing",), Severity.HIGH),
        ("Îmi datorați 300 de lei", ("billing",), Severity.HIGH),
        ("I already called about it", (), Severity.HIGH),
        ("Am mai sunat o dată", (), Severity.HIGH),
        ("v-am scris deja de trei ori", (), Severity.HIGH),
        ("It has been a month", (), Severity.HIGH),
        ("Au trecut două luni", (), Severity.HIGH),
        ("au trecut doua luni", (), Severity.HIGH),
        ("I will talk to the press", (), Severity.HIGH),
        ("Scriu unui ziarist", (), Severity.HIGH),
    ],
)
def test_shipped_words_tell_topic_and_severity(
    text: str, topics: tuple[str, ...], severity: Severity | None
) -> None:
    found = LEXICON.read(text)
    assert (found.topics, found.severity) == (topics, severity)


@pytest.mark.parametrize(
    "text",
    [
        "Sorry, I ordered it by accident",  # Romanian "accident"
        "A political question, politely put",  # "poliția"
        "Fire TV, tennis court, food court",
        "Returning customers are welcome",  # "retur"
        "Such hospitality!",
        "De Crăciun ne dă 1 zi liberă",
        "Ne vedem luni sau marți",
        "https://example.org/police/lawyer-caught-fire www.example.org/gdpr",
        "@policeband thanks for the photo",
    ],
)
def test_words_that_only_look_alike_raise_nothing(text: str) -> None:
    assert LEXICON.read(text).severity is None


def test_a_text_may_have_several_topics_and_the_highest_severity_counts() -> None:
    found = LEXICON.read("Refund me! The kettle exploded and I told ANPC.")
    assert found == Reading(
        topics=("legal", "refund", "safety"),
        severity=Severity.CRITICAL,
        because=('safety: "explod*"', 'legal: "anpc"', 'refund: "refund*"'),
    )


def test_every_topic_of_the_design_is_shipped() -> None:
    of_the_design = {"delivery", "refund", "quality", "billing", "service", "app", "safety"}
    of_the_design |= {"legal", "privacy", "staff", "availability", "warranty"}
    assert LEXICON.topics == of_the_design


@given(texts | phrases)
def test_reasons_hold_dictionary_words_alone(text: str) -> None:
    known = {
        f'{rule.name}: "{term.written}"' for rule in LEXICON.rules.values() for term in rule.terms
    }
    assert set(LEXICON.read(text).because) <= known


# ------------------------------------------------------------------------------------- how words fit


@given(texts | phrases, st.booleans())
def test_case_and_diacritics_do_not_matter(text: str, upper: bool) -> None:
    # only letters whose capital is one letter, and the marks of Romanian
    text = "".join(one for one in text if one.casefold() == one.upper().casefold())
    said = LEXICON.read(text)
    varied = text.upper() if upper else text
    assert LEXICON.read(varied) == said
    assert LEXICON.read(varied.translate(CEDILLA)) == said
    assert LEXICON.read(varied.translate(PLAIN)) == said


@given(phrases)
def test_letters_written_as_base_and_mark_are_the_same(text: str) -> None:
    assert LEXICON.read(unicodedata.normalize("NFD", text)) == LEXICON.read(text)


@pytest.mark.parametrize(
    ("word", "text", "fits"),
    [
        ("refund*", "REFUNDED!", True),
        ("refund*", "a prerefund", False),
        ("sue", "issue, sued", False),
        ("sue", "(sue)", True),
        ("third time", "for the third\ttime", True),
        ("third time", "third, time", True),
        ("third time", "the third. Time flies", False),
        ("third time", "third\ntime", False),
        ("third time", "third", False),
        ("third tim*", "the third times", True),
        ("n-ați răspuns", "n’ati raspuns", True),
        ("# weeks", "3 weeks", True),
        ("# weeks", "three weeks", True),
        ("# weeks", "1 weeks", False),
        ("# weeks", "some weeks", False),
        ("de # ori", "de două ori", True),
        ("țeapă", "ţeapă", True),
        ("anpc", "#ANPC", True),
        ("anpc", "@anpc", False),
        ("@anpc*", "hey @ANPC_ro", True),
        ("anpc", "so _anpc_ it is", True),
        ("страх*", "СТРАХУЮ", True),
    ],
)
def test_a_word_fits_at_its_borders_only(word: str, text: str, fits: bool) -> None:
    assert hits(reading(word), text) is fits


def test_overlapping_phrases_are_all_found() -> None:
    lexicon = lexicon_from(
        {
            "a": {"topic": "a", "words": ["charge*"]},
            "b": {"topic": "b", "words": ["charged twice"]},
            "c": {"topic": "c", "words": ["twice for nothing"]},
        }
    )
    assert lexicon.read("charged twice for nothing").topics == ("a", "b", "c")


def test_the_reason_is_the_first_word_and_there_the_longest() -> None:
    lexicon = reading("waiting", "still waiting", "nothing")
    assert lexicon.read("still waiting, nothing").because == ('it: "still waiting"',)


@settings(max_examples=25)  # each builds the whole lexicon again
@given(phrases, st.integers())
def test_the_order_of_rules_and_words_means_nothing(text: str, seed: int) -> None:
    chance = random.Random(seed)
    names = chance.sample(list(SHIPPED), len(SHIPPED))
    shuffled = {
        name: SHIPPED[name] | {"words": chance.sample(words := SHIPPED[name]["words"], len(words))}
        for name in names
    }
    assert lexicon_from(shuffled).read(text) == LEXICON.read(text)


@given(texts, phrases, texts)
def test_more_sentences_only_add(before: str, text: str, after: str) -> None:
    said = LEXICON.read(text)
    more = LEXICON.read(f"{before}\n{text}\n{after}")
    assert set(said.topics) <= set(more.topics)
    assert said.severity is None or (more.severity is not None and more.severity >= said.severity)


@pytest.mark.parametrize(
    "piece",
    ["a", "nu ", "de 3 ", "n-a mai ", "\u0301\u0316", "https:// ", "@", ".", "\0", "\ud800 ", "ș"],
    ids=[
        "word",
        "phrase",
        "number",
        "long",
        "marks",
        "link",
        "at",
        "dots",
        "nul",
        "half",
        "letter",
    ],
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            for _ in range(48_000 // length):
                LEXICON.read(text)
            best = min(best, time.process_time() - began)
        return best

    # the same number of characters, in texts sixteen times as long; quadratic would be 16
    assert seconds(48_000) < 6 * seconds(3_000) + 0.005


# -------------------------------------------------------------------------------------- one's own words


def test_own_rules_add_to_override_and_take_from_the_shipped_ones() -> None:
    lexicon = lexicon_from(
        SHIPPED,
        {
            "delivery": {"words": ["drone*"]},
            "legal": {"severity": "critical", "without": ["POLICE"]},
            "pets": {"topic": "pets", "words": ["hamster"]},
        },
    )
    assert lexicon.read("the drones dropped my parcel").because == ('delivery: "drone*"',)
    assert lexicon.read("my lawyer").severity is Severity.CRITICAL
    assert lexicon.read("the police").severity is None
    assert lexicon.read("hamster").topics == ("pets",)
    assert lexicon.topics == LEXICON.topics | {"pets"}


def test_the_example_of_the_docs_works() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    example = tomllib.loads(page.split("```toml\n")[1].split("```")[0])
    lexicon = lexicon_from(SHIPPED, example["rules"])
    assert lexicon.read("Traces of nuts!").severity is Severity.CRITICAL
    assert lexicon.read("police").severity is None
    assert lexicon.read("lawyer").severity is Severity.CRITICAL
    assert lexicon.read("a drone").topics == ("delivery",)


def test_a_lexicon_without_rules_finds_nothing() -> None:
    assert lexicon_from().read("The charger caught fire") == Reading((), None, ())


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (["gift"], "[rules.it] must be a table"),
        ({"topic": "it", "word": ["gift"]}, "[rules.it] word: unknown key"),
        ({"words": ["gift"]}, "[rules.it] needs a topic, a severity or both"),
        ({"topic": "a,b", "words": ["gift"]}, "[rules.it] topic: must be a name without a comma"),
        ({"topic": " ", "words": ["gift"]}, "[rules.it] topic"),
        ({"topic": 3, "words": ["gift"]}, "[rules.it] topic"),
        ({"severity": "urgent", "words": ["gift"]}, "[rules.it] severity: must be one of low, nor"),
        ({"severity": 3, "words": ["gift"]}, "[rules.it] severity"),
        ({"topic": "it"}, "[rules.it] words: at least one"),
        ({"topic": "it", "words": "gift"}, "[rules.it] words: must be a list"),
        ({"topic": "it", "words": [3]}, "[rules.it] words: must be a list"),
        ({"topic": "it", "words": ["gi*"]}, '[rules.it] words: "gi*" needs 3 letters before'),
        ({"topic": "it", "words": [""]}, '[rules.it] words: "" is not a word'),
        ({"topic": "it", "words": ["*gift"]}, '[rules.it] words: "*gift" is not a word'),
        ({"topic": "it", "words": ["gift. card"]}, '"gift. card" is not a word'),
        ({"topic": "it", "words": ["🎁"]}, '"🎁" is not a word'),
        ({"topic": "it", "words": ["gift"], "without": ["card"]}, '"card" is none of the rule'),
    ],
)
def test_a_mistake_in_a_rule_is_named_with_its_key(rule: object, complaint: str) -> None:
    with pytest.raises(ConfigError) as error:
        lexicon_from({"it": rule})
    assert complaint in str(error.value)
