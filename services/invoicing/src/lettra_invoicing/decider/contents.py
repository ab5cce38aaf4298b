"""What an invoice says beside its amounts: the mandatory mentions, and its content with lines and parties. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from lettra_events.contracts.invoicing import CreditNoteIssued, InvoiceIssued, Mentions
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.terms import check_whole
from lettra_invoicing.documents.amounts import line_net, vat_of
from lettra_invoicing.domain import (
    Contact,
    Customer,
    Document,
    IssueCreditNote,
    IssueCreditNoteOfAmount,
    IssueInvoice,
    LegalEntity,
    LineAsked,
)

RECOVERY_INDEMNITY = Decimal(40)
"""EUR for each late invoice between companies (C. com. art. D441-5), and from public buyers."""
_BUYER = (
    "customer_id",
    "name",
    "siren",
    "siret",
    "vat_number",
    "language",
    "country",
    "debtor_class",
)
_ADDRESS = ("street", "postal_code", "city")
"""All that an invoice shows of a contact: an erasure finds mail, phone and name in one place alone."""

Amounts = tuple[Decimal, Decimal, Decimal]


def amounts_of(command: IssueInvoice | IssueCreditNote) -> Amounts:
    """Net, VAT and gross: as given, or as the lines come to; both where both are given."""
    given = (command.net, command.vat, command.gross)
    if not command.lines:
        return tuple(amount or Decimal(0) for amount in given)  # type: ignore[return-value]
    computed = amounts_of_lines(command.lines, command.currency)
    if isinstance(command, IssueCreditNoteOfAmount):
        vat = sum(command.vat_of_lines, Decimal(0))
        computed = computed[0], vat, computed[0] + vat
    if command.gross is not None and given != computed:
        raise Rejected(
            "lines-do-not-add-up",
            f"the lines come to net {computed[0]}, VAT {computed[1]}, gross {computed[2]} {command.currency}",
            field="gross",
        )
    if computed[0] < 0 or computed[2] <= 0:
        raise Rejected("nothing-to-pay", f"the lines come to {computed[2]} {command.currency}", field="lines")
    return computed


def amounts_of_lines(lines: tuple[LineAsked, ...], currency: str) -> Amounts:
    """Lines are rounded one by one, VAT on the sum of a category and rate (EN 16931, BR-CO-17)."""
    bases: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in lines:
        bases[line.vat_category, line.vat_rate] += net_of(line, currency)
    net = sum(bases.values(), Decimal(0))
    vat = sum((vat_of(base, rate, currency) for (_, rate), base in bases.items()), Decimal(0))
    return net, vat, net + vat


def net_of(line: LineAsked, currency: str) -> Decimal:
    check_whole([line.discount], currency, "lines")
    return line_net(line.quantity, line.price, line.discount, currency)


def mentions(command: IssueInvoice, entity: LegalEntity, customer: Customer) -> Mentions:
    """What the law wants on the invoice, by the class of the debtor."""
    private = customer.debtor_class == "private"
    penalty, rate = _penalty(command, entity, customer)
    return Mentions(
        seller_siren=entity.siren,
        seller_vat_number=entity.vat_number,
        buyer_siren=customer.siren,
        buyer_vat_number=customer.vat_number,
        operation_category=command.operation_category,
        vat_on_debits=entity.vat_on_debits,
        penalty=penalty,
        penalty_rate=rate,
        recovery_indemnity=None if private else RECOVERY_INDEMNITY,
    )


def _penalty(
    command: IssueInvoice, entity: LegalEntity, customer: Customer
) -> tuple[Literal["ecb+10", "ecb+8", "contract", "none"], Decimal | None]:
    """Which rule late interest follows, and what it comes to where that is known."""
    if customer.debtor_class == "private":
        return "none", None
    if customer.debtor_class == "public":
        return "ecb+8", command.late_penalty_rate
    if entity.penalty_rate is not None:
        return "contract", entity.penalty_rate
    return "ecb+10", command.late_penalty_rate


@dataclass(frozen=True, slots=True)
class Parties:
    """Who issues, who owes, and where he is written to."""

    entity: LegalEntity
    customer: Customer
    contact: Contact | None


def check_parties(parties: Parties) -> None:
    """Refuse a document with lines that lacks what it must show."""
    entity, customer = parties.entity, parties.customer
    lacking = [
        name for name in ("siren", "vat_number", "street", "postal_code", "city") if not getattr(entity, name)
    ]
    if lacking:
        raise Rejected(
            "incomplete-legal-entity",
            f"{entity.entity_id} has no {', '.join(lacking)}: an invoice with lines shows them;"
            f" PUT /legal-entities/{entity.entity_id}",
            status=409,
            field="entity_id",
        )
    if parties.contact is None:
        raise Rejected(
            "customer-without-address",
            f"{customer.customer_id} has no postal address: an invoice with lines shows it;"
            f" PATCH /customers/{customer.customer_id}",
            status=409,
            field="customer_id",
        )


def check_rate(said: Mentions, entity: LegalEntity) -> None:
    """Refuse an invoice with lines that does not say what late payment costs."""
    if said.penalty != "none" and said.penalty_rate is None:
        raise Rejected(
            "penalty-rate-unknown",
            "an invoice with lines says the rate of late interest: give late_penalty_rate (per cent a year)"
            f" or PUT the contract's to /legal-entities/{entity.entity_id}",
            field="late_penalty_rate",
        )


def content_of_invoice(
    command: IssueInvoice, invoice: InvoiceIssued, parties: Parties, deposits: Sequence[Document]
) -> bytes:
    """What the document of an invoice shows, with the deposit invoices that it deducts."""
    fields = ("document_number", "issue_date", "net", "vat", "gross")
    deducted = [{name: getattr(deposit, name) for name in fields} for deposit in deposits]
    assert invoice.mentions is not None, "every invoice that is issued here has them"
    return _content(command, invoice, parties, invoice.mentions, {"deposits": deducted})


def content_of_credit_note(
    command: IssueCreditNote, note: CreditNoteIssued, parties: Parties, corrected: Document
) -> bytes:
    """What the document of a credit note shows, with the invoice that it corrects."""
    said = Mentions(
        operation_category=command.operation_category,
        vat_on_debits=parties.entity.vat_on_debits,
        penalty="none",
    )
    fields = ("document_number", "issue_date", "deposit")
    more: dict[str, Any] = {"corrects": {name: getattr(corrected, name) for name in fields}}
    if isinstance(command, IssueCreditNoteOfAmount):
        more["vat_of_lines"] = list(map(str, command.vat_of_lines))
    return _content(command, note, parties, said, more)


def _content(
    command: IssueInvoice | IssueCreditNote,
    issued: InvoiceIssued | CreditNoteIssued,
    parties: Parties,
    said: Mentions,
    more: dict[str, Any],
) -> bytes:
    """Lines, parties and all that the event says, as canonical JSON: equal contents are equal bytes."""
    check_parties(parties)
    buyer = asdict(parties.customer) | {name: getattr(parties.contact, name) for name in _ADDRESS}
    lines = [
        line.model_dump(mode="json") | {"net": str(net_of(line, command.currency))} for line in command.lines
    ]
    content = more | {
        "kind": "invoice" if isinstance(issued, InvoiceIssued) else "credit_note",
        "issued": issued.model_dump(mode="json", exclude={"document_digest", "mentions"}),
        "mentions": said.model_dump(mode="json"),
        "seller": asdict(parties.entity),
        "buyer": {name: buyer[name] for name in (*_BUYER, *_ADDRESS)},
        "lines": lines,
        "vat_in_euros": command.vat_in_euros,
        "delivery_date": command.delivery_date,
        "buyer_reference": command.buyer_reference,
        "order_number": command.order_number,
        "contract_number": command.contract_number,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return text.encode()


def digest_of(content: bytes) -> str:
    """By which the history knows the content."""
    return sha256(content).hexdigest()
