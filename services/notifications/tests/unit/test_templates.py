"""Templates: those that are shipped are right, and what is wrong with others is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from lettra_notifications.domain.requests import Account, ListedItem
from lettra_notifications.templates.checking import all_problems, preview, problems
from lettra_notifications.templates.examples import example
from lettra_notifications.templates.filling import fill
from lettra_notifications.templates.sandbox import BadTemplate, fill_in, variables
from lettra_notifications.templates.sources import Key, keys, parse, shipped
from lettra_notifications.templates.written import day, money

_FIRM: Key = ("fr", "reminder", "firm")
_NOTICE: Key = ("en", "formal_notice", "neutral")


class TestTheShippedOnes:
    def test_there_is_one_by_language_step_and_tone(self):
        assert len(keys()) == 20
        for key in keys():
            assert preview(key).subject

    def test_nothing_is_wrong_with_them(self):
        assert all_problems() == {}

    def test_a_preview_reads_as_the_message_will(self):
        filled = preview(_FIRM)
        assert filled.subject == "Factures impayées : 3\xa0303,49\xa0€ à régler avant le 30 avril 2026"
        assert "échus depuis le 4 mars 2026, au plus tard le 30 avril 2026." in filled.paragraphs[1]
        assert filled.payment.iban == "FR76 3000 6000 0112 3456 7890 189"
        assert [row.amount for row in filled.rows] == [
            *("2\xa0417,19\xa0€", "860,40\xa0€", "-51,25\xa0€", "37,15\xa0€", "40,00\xa0€")
        ]

    def test_a_private_person_reads_nothing_of_the_commercial_code(self):
        text = " ".join(
            fill(
                example("fr", "formal_notice", "neutral", "private"), shipped(("fr", *_NOTICE[1:]))
            ).paragraphs
        )
        assert "1231-6 du code civil" in text
        assert "441" not in text
        assert "40,00" not in text


def _with(key: Key, old: str, new: str) -> list[str]:
    """What is wrong once a shipped template says something else; what is replaced must be there."""
    source = shipped(key)
    changed = replace(
        source,
        subject=source.subject.replace(old, new),
        paragraphs=tuple(each.replace(old, new) for each in source.paragraphs),
        sms=source.sms and source.sms.replace(old, new),
    )
    assert changed != source
    return problems(key, changed)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{{ total }}", "une somme", "the message lacks the amount: {{ total }}"),
        ("{{ due_date }}", "quelque temps", "the message lacks the due date: {{ due_date }}"),
        ("{{ what_follows }}", "", "the message lacks the sentence of what follows: {{ what_follows }}"),
        ("remercions", "savons gré", "the message lacks a word of thanks"),
        ("Merci.", "", "the short message lacks a word of thanks"),
        ("{{ link }}", "", "the short message lacks the link: {{ link }}"),
        ("[payment]", "", "the message does not have the means to pay once: [payment]"),
        ("[items]", "[items] bis", "the message does not have the list of items once: [items]"),
        ("{{ total }}", "{{ totale }}", "subject: the variable totale is unknown"),
        ("Bonjour", "Relance n° 2", "says the rank of a reminder"),
        ("art. L441-10 du code de commerce", "art. R2192-31", "says 'R2192-31' to a debtor of class company"),
        ('debtor_class == "company"', 'debtor_class != "public"', None),
        ("Bonjour", "Les 40 € de l'art. D441-5", "says '40 €' to a debtor of class private"),
    ],
)
def test_what_is_absent_or_wrong_is_named(old: str, new: str, sentence: str | None) -> None:
    """Guard: the rule of `problems` of that sentence. None: allowed, for a private person is asked no interest."""
    found = _with(_FIRM, old, new)
    assert any(sentence in each for each in found) if sentence else found == []


@pytest.mark.parametrize(
    "words",
    [
        *("relance n. 2", "Relance n°3", "relance 2", "2e relance", "Deuxième relance", "dernière relance"),
        *(
            "RELANCE",
            "3ème rappel",
            "dernier avis et relance",
            "reminder no. 2",
            "Reminder 3",
            "second reminder",
        ),
        *("FINAL NOTICE", "reminder #2", "3rd reminder", "last reminder", "Rappel n° 2"),
    ],
)
def test_a_reminder_never_says_its_rank(words: str) -> None:
    assert any("says the" in each for each in _with(_FIRM, "Bonjour", words))


@pytest.mark.parametrize("words", ["Un simple rappel", "facture n° 2", "the second invoice", "rappelons"])
def test_other_words_with_numbers_are_free(words: str) -> None:
    assert _with(_FIRM, "Bonjour", words) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("L441-10", "L000", "names no rule of law that holds for a debtor of class company"),
        ("R2192-31", "R000", "names no rule of law that holds for a debtor of class public"),
        ("ormal notice", "riendly letter", "does not call itself a formal notice"),
    ],
)
def test_a_formal_notice_calls_itself_so_and_rests_on_the_law(old: str, new: str, sentence: str) -> None:
    source = shipped(_NOTICE)
    changed = replace(
        source,
        paragraphs=tuple(
            each.replace(old, new).replace("(mise en demeure)", "")
            if old == "ormal notice"
            else each.replace(old, new)
            for each in source.paragraphs
        ),
    )
    assert any(sentence in each for each in problems(_NOTICE, changed))


class TestTheSandbox:
    @pytest.mark.parametrize(
        "source",
        [
            *(
                "{% for x in total %}x{% endfor %}",
                "{{ total() }}",
                "{{ total.__class__ }}",
                "{{ total[0] }}",
            ),
            *("{{ 'x' * 1000000000 }}", "{{ 9 ** 9 ** 9 }}", "{% set x = 1 %}", "{% include 'x' %}"),
            *(
                "{% macro m() %}{% endmacro %}",
                "{{ total | tojson }}",
                "{{ total ~ total }}",
                "{{ range(9) }}",
            ),
            *("{% import 'x' as y %}", "{% block a %}{% endblock %}", "{{ [1] }}", "{{ total", "{% if %}"),
            *(
                "{{ total | format }}",
                "{% filter upper %}a{% endfilter %}",
                "{{ total is callable }}",
            ),
        ],
    )
    def test_what_could_loop_call_or_reach_out_is_refused(self, source: str):
        """Guard: `_ALLOWED` and the emptied filters, tests and globals."""
        with pytest.raises(BadTemplate):
            variables(source)

    def test_a_text_is_bounded_before_and_after(self):
        """Guards: SOURCE_MAX and TEXT_MAX."""
        with pytest.raises(BadTemplate, match="20000 at most"):
            variables("x" * 20_001)
        with pytest.raises(BadTemplate, match="more than 20000"):
            fill_in("{{ total }}" * 200, {"total": "t" * 200})

    def test_deep_conditions_are_an_error_of_the_template(self):
        with pytest.raises(BadTemplate):
            variables("{% if total %}" * 600 + "{% endif %}" * 600)
        with pytest.raises(BadTemplate):
            variables("{{ " + "(" * 6_000 + "1" + ")" * 6_000 + " }}")

    def test_a_value_is_never_read_as_a_template_or_as_a_mark(self):
        source = parse("Subject: {{ customer }}\n\n{{ customer }}\n\n[payment]")
        request = example("fr", "thanks", "neutral")
        filled = fill(request.model_copy(update={"customer_name": "{{ total }}"}), source)
        assert filled.paragraphs[0] == "{{ total }}"
        with pytest.raises(BadTemplate, match="make it a mark"):
            fill(request.model_copy(update={"customer_name": "[payment]"}), source)


class TestSources:
    @pytest.mark.parametrize(
        "text", ["", "Bonjour\n\n[items]", "Subject: \n\nx", "Subject: x", "Subject: x\n\ny\n--- sms ---\n "]
    )
    def test_a_shape_that_is_none_is_refused(self, text: str):
        with pytest.raises(BadTemplate):
            parse(text)

    def test_too_many_paragraphs_are_refused(self):
        with pytest.raises(BadTemplate, match="41"):
            parse("Subject: x\n\n" + "\n\n".join("y" * 41))


class TestWriting:
    @pytest.mark.parametrize(
        ("amount", "currency", "language", "written"),
        [
            ("1234567.5", "EUR", "fr", "1\xa0234\xa0567,50\xa0€"),
            ("1234567.5", "EUR", "en", "€1,234,567.50"),
            ("-51.25", "EUR", "fr", "-51,25\xa0€"),
            ("1500", "JPY", "en", "JP¥1,500"),
            ("12.345", "TND", "fr", "12,345\xa0TND"),
        ],
    )
    def test_amounts_have_the_decimals_of_their_currency(self, amount, currency, language, written):
        assert money(Decimal(amount), currency, language) == written

    def test_dates_are_in_the_readers_words(self):
        assert day(date(2028, 2, 29), "fr") == "29 février 2028"
        assert day(date(2028, 2, 29), "en") == "29 February 2028"


class TestRequests:
    def test_one_item_is_paid_with_its_reference(self):
        filled = fill(
            example("fr", "reminder", "friendly", several=False, claims=False),
            shipped(("fr", "reminder", "friendly")),
        )
        assert filled.payment.reference == "RF31 FA20 2600 0123"
        assert filled.payment.qr is not None
        assert filled.payment.qr.endswith("EUR2417.19\n\nRF31FA2026000123")

    def test_numbers_that_do_not_all_fit_give_way_to_the_customers(self):
        """Guard: `transfer_text`; some of the numbers would draw all of the money."""
        one = example("fr", "statement", "neutral").items[0]
        items = tuple(
            one.model_copy(update={"item_id": f"FR01:{n}", "document_number": f"FA-{n:06}"})
            for n in range(15)
        )
        few = example("fr", "statement", "neutral").model_copy(update={"items": items[:14], "credits": ()})
        assert few.transfer_text.split()[-1] == "FA-000013"
        assert few.model_copy(update={"items": items}).transfer_text == "C-1024"

    def test_there_is_no_code_for_another_currency_or_nothing_to_pay(self):
        request = example("en", "statement", "neutral")
        for changes in ({"currency": "USD"}, {"credits": request.items}):
            filled = fill(request.model_copy(update=changes), shipped(("en", "statement", "neutral")))
            assert filled.payment.qr is None
            assert filled.payment.iban

    @pytest.mark.parametrize(
        "name", ["two\nlines", "a\rb", "nul\x00", "bell\x07", "left\u202eright", "sep\u2028x", ""]
    )
    def test_a_name_that_could_break_a_line_is_refused(self, name: str):
        """Guard: `one_line`."""
        with pytest.raises(ValidationError):
            ListedItem.model_validate(
                example("fr", "invoice", "neutral").items[0].model_dump() | {"document_number": name}
            )

    @pytest.mark.parametrize(
        "link",
        [
            "http://pay.example/",
            "javascript:alert(1)",
            'https://pay.example/"x',
            "https://a b/",
            "https://x/<y>",
        ],
    )
    def test_a_link_that_is_none_or_unsafe_is_refused(self, link: str):
        with pytest.raises(ValidationError):
            Account(name="A", iban="FR7630006000011234567890189", link=link)

    def test_a_private_person_is_claimed_nothing_of_the_commercial_code(self):
        raw = example("fr", "reminder", "firm").model_dump() | {"debtor_class": "private"}
        with pytest.raises(ValidationError, match="private person"):
            type(example("fr", "reminder", "firm")).model_validate(raw)
