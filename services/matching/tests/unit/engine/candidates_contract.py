"""What any `Candidates` promises; a test class inherits it and says how its own is made."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine_world import IBAN, credit_note, invoice, payer

from lettra_matching.engine import Candidates, Item, Payer
from lettra_matching.engine.candidates import CROWD
from lettra_matching.engine.keys import amount_key, iban_key, name_search_keys, number_key, serial_key

FA = invoice("FA-2026-000123", "100.00")
PAID = invoice("FA-2026-000124", "100.00", open=Decimal(0))
OTHER_ENTITY = invoice("FA-2026-000123", "100.00", "C2", entity_id="E2")


class CandidatesContract:
    """Every implementation is held to these."""

    def made(self, payers: list[Payer], items: list[Item]) -> Candidates:
        raise NotImplementedError

    def test_strong_keys_find_settled_items_and_others_only_open_ones(self) -> None:
        candidates = self.made([], [FA, PAID])
        keys = [
            number_key("FA2026000124"),
            serial_key("124"),
            serial_key("123"),
            amount_key("EUR", Decimal(100)),
        ]
        found = candidates.items_named(keys, None)
        assert {key: [item.item_id for item in items] for key, items in found.items()} == {
            "num:FA2026000124": [PAID.item_id],
            "ser:123": [FA.item_id],
            "amt:EUR:100": [FA.item_id],
        }

    def test_items_are_found_within_their_entity(self) -> None:
        candidates = self.made([], [FA, OTHER_ENTITY])
        key = number_key("FA2026000123")
        assert [item.entity_id for item in candidates.items_named([key], "E2")[key]] == ["E2"]
        assert len(candidates.items_named([key], None)[key]) == 2
        assert candidates.items_named([key], "E3") == {}

    def test_a_key_that_a_crowd_bears_says_nothing(self) -> None:
        items = [invoice(f"FA-{n}", "55.00", entity_id="E1") for n in range(CROWD + 1)]
        key = amount_key("EUR", Decimal(55))
        assert self.made([], items).items_named([key], None) == {}
        assert len(self.made([], items[:CROWD]).items_named([key], None)[key]) == CROWD

    def test_open_items_are_those_of_the_customers_in_one_currency(self) -> None:
        note = credit_note("AV-1", "5.00")
        dollars = replace(FA, item_id="X", currency="USD")
        candidates = self.made([], [FA, PAID, note, dollars, OTHER_ENTITY])
        assert {item.item_id for item in candidates.open_items(["C1"], None, "EUR")} == {
            FA.item_id,
            note.item_id,
        }
        assert {item.item_id for item in candidates.open_items(["C1", "C2"], "E2", "EUR")} == {
            OTHER_ENTITY.item_id
        }
        assert list(candidates.open_items(["C9"], None, "EUR")) == []

    def test_payers_are_found_by_what_tells_who_pays(self) -> None:
        durand = payer("C1", "Durand Matériaux SARL", IBAN, siren="552100554", vat_number="FR12552100554")
        candidates = self.made([durand, payer("C2", "Martin")], [])
        keys = [
            iban_key("FR76 3000 6000 0112 3456 7890 189"),
            "siren:552100554",
            *name_search_keys("DURAND MATER"),
        ]
        found = candidates.payers(keys)
        assert {payer.customer_id for payers in found.values() for payer in payers} == {"C1"}
        assert keys[0] in found
        assert keys[1] in found
        assert any(key.startswith("name:") for key in found)

    def test_groups_and_known_customers(self) -> None:
        members = [payer("C1", "A", group_id="G"), payer("C2", "B", group_id="G"), payer("C3", "C")]
        candidates = self.made(members, [])
        assert {each.customer_id for each in candidates.group_members(["G", "H"])} == {"C1", "C2"}
        assert candidates.payers_of(["C3", "C9"]).keys() == {"C3"}
