"""What takes longest is bounded. The limits are generous; docs/matching-benchmark.md has times."""

from __future__ import annotations

import time
from collections.abc import Collection
from decimal import Decimal

import pytest
from engine_world import IBAN, RULES, invoice, payer, payment

from lettra_matching.engine import Decision, InMemory, Item, decide
from lettra_matching.engine.model import Incoming

LIMIT_SECONDS = 10.0


def timed(incoming: Incoming, items: list[Item]) -> Decision:
    memory = InMemory([payer("C1", "Durand", IBAN)], items)
    begun = time.process_time()
    decision = decide(incoming, memory, RULES)
    taken = time.process_time() - begun
    print(f"{taken * 1000:.1f} ms")
    assert taken < LIMIT_SECONDS
    return decision


def test_ten_thousand_equal_items_of_one_customer() -> None:
    items = [invoice(f"FA-2026-{n:06}", "100.00") for n in range(10_000)]
    decision = timed(payment("100.00", counterparty_iban=IBAN), items)
    assert (decision.outcome, decision.solutions) == ("proposed", 10_000)
    assert timed(payment("350.00", counterparty_iban=IBAN), items).outcome == "proposed"


def test_a_million_possible_subsets() -> None:
    items = [invoice(f"FA-{n}", f"{100 + 7 * n}.{n:02}") for n in range(30)]
    decision = timed(payment("1733.19", counterparty_iban=IBAN), items)
    assert decision.outcome == "proposed"


def test_a_sum_that_no_choice_of_two_thousand_distinct_items_gives() -> None:
    """Guard: sums are searched among 30 items at most; groups are tried in time that grows with the items."""
    items = [invoice(f"FA-{n}", f"{1_000 + n}.10") for n in range(2_000)]
    decision = timed(payment("5000.05", counterparty_iban=IBAN), items)
    assert (decision.outcome, decision.rule) == ("proposed", "legal_imputation")


def test_a_text_with_five_thousand_numbers() -> None:
    """Guard: at most `text_chars_max` characters and `keys_max` keys are read, and what is not read is a doubt."""
    items = [invoice(f"FA-{n}", f"{1_000 + n}.10") for n in range(2_000)]
    text = " ".join(str(10_000 + 7 * n) for n in range(5_000))
    decision = timed(payment("1003.10", text, counterparty_iban=IBAN), items)
    assert decision.outcome != "applied"


@pytest.mark.parametrize("work", [200, 5_000])
def test_the_work_of_one_decision_is_counted(work: int) -> None:
    """Guard: what is asked of the candidates does not grow with what a customer has, but for fetching it."""

    class Counting(InMemory):
        calls = 0

        def items_named(self, keys: Collection[str], entity_id: str | None) -> dict[str, list[Item]]:
            self.calls += 1
            return super().items_named(keys, entity_id)

    items = [invoice(f"FA-{n}", f"{1_000 + n}.10") for n in range(work)]
    memory = Counting([payer("C1", "Durand", IBAN)], items)
    decide(payment("77.05", "FA 12 FA 13-18 FA 20/21", counterparty_iban=IBAN), memory, RULES)
    assert 0 < memory.calls <= 4


@pytest.mark.parametrize(
    "piece",
    [
        "FA-2026-000123, ",
        "123 ",
        "RF18 5390 0754 7034 ",
        "12/03/2026 ",
        "A1-",
        "9",
        "F A 0 ",
        "O",
        "FA-2026-0001-99 ",
    ],
)
def test_a_text_of_a_hundred_kilobytes(piece: str) -> None:
    items = [invoice(f"FA-2026-{n:06}", "100.00") for n in range(100, 200)]
    text = piece * (100_000 // len(piece))
    decision = timed(payment("77.00", text, end_to_end_id=text, structured_reference=text[1:]), items)
    assert decision.outcome != "applied"


def test_payments_with_references_are_decided_fast() -> None:
    """Some 3,000 a second on a quiet core; the limit is for a loaded machine under a tracer."""
    items = [invoice(f"FA-2026-{n:06}", f"{n}.01") for n in range(1, 2_001)]
    memory = InMemory([payer("C1", "Durand", IBAN)], items)
    incomings = [
        payment(str(item.open), f"VIR {item.document_number}", counterparty_iban=IBAN) for item in items
    ]
    begun = time.process_time()
    assert all(decide(incoming, memory, RULES).outcome == "applied" for incoming in incomings)
    assert len(incomings) / (time.process_time() - begun) > 300


def test_a_long_list_is_matched_whole() -> None:
    items = [invoice(f"FA-2026-{n:06}", f"{n}.01") for n in range(1, 301)]
    text = " ".join(item.document_number for item in items)
    total = sum((item.open for item in items), Decimal(0))
    decision = timed(payment(str(total), text), items)
    assert decision.outcome == "applied"
    assert len(decision.lines) == 300
