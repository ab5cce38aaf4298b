"""What an invoice says beside its amounts: the mandatory mentions, and its content with lines and parties. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from lettra_events.contracts.invoicing import InvoiceIssued, Mentions
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.terms import HUNDRED, check_whole, rounded
from lettra_invoicing.domain import Contact, Customer, Document, IssueInvoice, LegalEntity, LineAsked

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


def amounts_of(command: IssueInvoice) -> Amounts:
    """Net, VAT and gross: as given, or as the lines come to; both where both are given."""
    given = (command.net, command.vat, command.gross)
    if not command.lines:
        return tuple(amount or Decimal(0) for amount in given)  # type: ignore[return-value]
    computed = amounts_of_lines(command.lines, command.currency)
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
    vat = sum((rounded(base * rate / HUNDRED, currency) for (_, rate), base in bases.items()), Decimal(0))
    return net, vat, net + vat


def net_of(line: LineAsked, currency: str) -> Decimal:
    check_whole([line.discount], currency, "lines")
    return rounded(line.quantity * line.price, currency) - line.discount


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


def check_parties(
    command: IssueInvoice, entity: LegalEntity, customer: Customer, contact: Contact | None
) -> Contact:
    """Refuse to issue an invoice with lines that lacks what its document must show."""
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
    if (
        customer.debtor_class != "private"
        and command.late_penalty_rate is None
        and entity.penalty_rate is None
    ):
        raise Rejected(
            "penalty-rate-unknown",
            "an invoice with lines says the rate of late interest: give late_penalty_rate (per cent a year)"
            f" or PUT the contract's to /legal-entities/{entity.entity_id}",
            field="late_penalty_rate",
        )
    if contact is None:
        raise Rejected(
            "customer-without-address",
            f"{customer.customer_id} has no postal address: an invoice with lines shows it;"
            f" PATCH /customers/{customer.customer_id}",
            status=409,
            field="customer_id",
        )
    return contact


def content_of(
    command: IssueInvoice,
    invoice: dict[str, Any],
    entity: LegalEntity,
    customer: Customer,
    contact: Contact,
    deposits: Sequence[Document],
) -> bytes:
    """Lines, parties and all that the event says, as canonical JSON: equal contents are equal bytes."""
    lines = [
        line.model_dump(mode="json") | {"net": str(net_of(line, command.currency))} for line in command.lines
    ]
    known = asdict(customer) | {name: getattr(contact, name) for name in _ADDRESS}
    content = {
        "invoice": InvoiceIssued(**invoice).model_dump(mode="json", exclude={"document_digest"}),
        "seller": asdict(entity),
        "buyer": {name: known[name] for name in (*_BUYER, *_ADDRESS)},
        "lines": lines,
        "deposits": [
            {
                name: getattr(deposit, name)
                for name in ("document_number", "issue_date", "net", "vat", "gross")
            }
            for deposit in deposits
        ],
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
