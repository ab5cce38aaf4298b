"""What invoicing publishes on `ar.invoicing.events`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.money import Amount, CurrencyCode

CustomerId = str
EntityId = str


class _OfCustomer(Event):
    customer_id: CustomerId

    def key(self) -> str:
        return self.customer_id


class _OfEntity(Event):
    entity_id: EntityId

    def key(self) -> str:
        return f"entity:{self.entity_id}"


PARTS_MAX = 24
"""Into how many open items one document may be parted."""
DebtorClass = Literal["company", "public", "private"]
"""What the law makes of a debtor: a company, a public buyer (terms of its own, ECB + 8), a private person."""


class _LegalEntity(_OfEntity):
    name: str
    siren: str | None = None
    vat_number: str | None = None
    siret: str | None = Field(default=None, description="of the head office, 14 digits")
    legal_form: str | None = Field(default=None, description="form, capital and register, as on invoices")
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = Field(default=None, description="ISO 3166-1, two letters")
    iban: str | None = Field(default=None, description="where its customers pay")
    bic: str | None = None
    penalty_rate: Amount | None = Field(
        default=None, description="late penalties by contract, per cent a year; null: what the law says"
    )
    vat_on_debits: bool = Field(
        default=False, description="VAT is due when invoiced (option pour les débits)"
    )

    def stream_id(self) -> str:
        return f"entity:{self.entity_id}"


@contract("invoicing.LegalEntityRegistered")
class LegalEntityRegistered(_LegalEntity):
    """A legal entity (entité juridique) that issues invoices; SIREN of 9 digits, VAT number as on invoices."""


@contract("invoicing.LegalEntityChanged")
class LegalEntityChanged(_LegalEntity):
    """A legal entity is now as this says, all of it; `changed` names the fields that differ from before."""

    changed: tuple[str, ...]


class _Customer(_OfCustomer):
    name: str
    siren: str | None = None
    vat_number: str | None = None
    ibans: tuple[str, ...] = ()
    language: str = "fr"
    group_id: str | None = None
    contact_id: str | None = None
    siret: str | None = Field(
        default=None, description="the customer is this site (établissement) of its SIREN"
    )
    country: str = Field(default="FR", description="ISO 3166-1, two letters")
    channel: str = Field(default="email", description="preferred: email, letter, sms, call or webhook")
    debtor_class: DebtorClass = "company"
    terms: str | None = Field(
        default=None,
        description="30D: net; 45D-EOM: 45 days, then the end of the month; EOM-45D: the end of the month, then 45"
        " days; behind it, as in '30D 2%/8D', an early-payment discount; null: 30D, as the law has it",
    )

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.CustomerRegistered")
class CustomerRegistered(_Customer):
    """A customer (client) exists. Persons are not in it: `contact_id` names a contact kept by invoicing."""


@contract("invoicing.CustomerChanged")
class CustomerChanged(_Customer):
    """A customer is now as this says, all of it; `changed` names the fields that differ from before.

    `address` and `email` are named there without their values, which are a person's: see its contact.
    """

    changed: tuple[str, ...]


@contract("invoicing.ContactRegistered")
class ContactRegistered(_OfCustomer):
    """A customer has one more contact; the person is on `ar.invoicing.contacts` alone.

    Of its purposes (billing, payer, dunning) each has one contact: the last one that took it. What has none goes to
    billing's.
    """

    contact_id: str
    purposes: tuple[str, ...]

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.ContactChanged")
class ContactChanged(_OfCustomer):
    """A contact serves these purposes now; what else changed of it is on `ar.invoicing.contacts` alone."""

    contact_id: str
    purposes: tuple[str, ...]

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.ContactErased")
class ContactErased(_OfCustomer):
    """A contact (a person) was erased for good; `who` asked for it, and `why`. Neither repeats what was erased."""

    contact_id: str
    who: str
    why: str

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.InsolvencyOpened")
class InsolvencyOpened(_OfCustomer):
    """A court has opened insolvency proceedings (procédure collective) on a customer.

    Reminders and the 40 EUR stop; what was owed before `opened_on` is to be claimed by `claim_until`.
    """

    proceeding: Literal["safeguard", "recovery", "liquidation"] = Field(
        description="sauvegarde, redressement judiciaire, liquidation judiciaire"
    )
    opened_on: date
    claim_until: date | None = Field(
        default=None, description="last day to file the claim, where it is known"
    )
    who: str
    why: str = Field(description="where it was published")

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.InsolvencyClosed")
class InsolvencyClosed(_OfCustomer):
    """The insolvency proceedings on a customer have ended."""

    closed_on: date
    who: str
    why: str

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.NumberDrawn")
class NumberDrawn(_OfEntity):
    """A number of a continuous series was used (CGI ann. II art. 242 nonies A): no hole, no date going back."""

    series: str
    number: int = Field(ge=1)
    document_number: str
    issue_date: date

    def stream_id(self) -> str:
        return f"series:{self.entity_id}:{self.series}"


class _Document(_OfCustomer):
    entity_id: EntityId
    document_number: str
    issue_date: date
    currency: CurrencyCode
    net: Amount
    vat: Amount
    gross: Amount
    payment_reference: str | None = Field(default=None, description="ISO 11649 creditor reference (RF)")
    origin: Literal["issued", "imported"] = Field(
        default="issued", description="issued here with a drawn number, or imported with the ERP's"
    )

    def stream_id(self) -> str:
        return f"invoice:{self.entity_id}:{self.document_number}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Instalment(_Part):
    """One payment of several (échéance): the first has number 1."""

    number: int = Field(ge=1)
    due_date: date
    amount: Amount = Field(gt=0)


class DepositDeducted(_Part):
    """So much of a deposit invoice (facture d'acompte) is part of the final invoice already."""

    document_number: str
    amount: Amount = Field(gt=0)


class CreditedLine(_Part):
    """A line of an invoice that a credit note takes back, in whole or by so much of its quantity."""

    line: int = Field(ge=1, description="its place on the invoice, from 1 on")
    quantity: Amount | None = Field(default=None, description="of its unit; null: all of it")


class Mentions(_Part):
    """What an invoice must say beside its amounts and dates (C. com. L441-9, CGI ann. II 242 nonies A).

    `penalty`: late interest as the law has it for companies (ECB + 10) or public buyers (ECB + 8), of the contract
    (`penalty_rate`), or none of these (private persons). The rates themselves are data with an effective date.
    """

    seller_siren: str | None = None
    seller_vat_number: str | None = None
    buyer_siren: str | None = None
    buyer_vat_number: str | None = None
    operation_category: Literal["goods", "services", "mixed"] | None = None
    vat_on_debits: bool = False
    penalty: Literal["ecb+10", "ecb+8", "contract", "none"]
    penalty_rate: Amount | None = Field(default=None, description="per cent a year")
    recovery_indemnity: Amount | None = Field(default=None, description="EUR for each late invoice (D441-5)")


@contract("invoicing.InvoiceIssued")
class InvoiceIssued(_Document):
    """An invoice (facture) was issued and never changes; amounts in its currency, gross = net + vat.

    What is to be paid is the gross less the deposits, by `due_date` or in `instalments`: see `owed`.
    """

    due_date: date
    terms: str | None = Field(
        default=None, description="from which the due date follows, as a customer's `terms`"
    )
    instalments: tuple[Instalment, ...] = Field(
        default=(), description="empty: all of it is due on `due_date`"
    )
    discount_amount: Amount | None = Field(
        default=None, description="early-payment discount (escompte), of the gross"
    )
    discount_until: date | None = Field(default=None, description="the last value date that has the discount")
    deposit: bool = Field(default=False, description="an invoice for a deposit (facture d'acompte)")
    deposits: tuple[DepositDeducted, ...] = Field(
        default=(), description="deposit invoices that this one deducts"
    )
    mentions: Mentions | None = None
    document_digest: str | None = Field(
        default=None,
        description="SHA-256 of the document with its lines and parties, kept beside the history",
    )

    def owed(self) -> tuple[Instalment, ...]:
        """What is to be paid, and when: one part, or several; none where deposits cover all of it."""
        if self.instalments:
            return self.instalments
        amount = self.gross - sum(each.amount for each in self.deposits)
        return (Instalment(number=1, due_date=self.due_date, amount=amount),) if amount else ()


@contract("invoicing.CreditNoteIssued")
class CreditNoteIssued(_Document):
    """A credit note (avoir) was issued; amounts are positive; `corrects` is the invoice's number (CGI art. 289)."""

    corrects: str
    reason: str | None = Field(default=None, description="code of the dispute or request that led to it")
    document_digest: str | None = Field(default=None, description="as an invoice's")


@contract("invoicing.OpeningItemTaken")
class OpeningItemTaken(_OfCustomer):
    """An item was open when its entity began here: an invoice or credit note of before, as far as it was open then.

    No number is drawn. `amount` is what is open, `original_amount` what the document was for. `item_id` is its name
    in the system of before; `number` counts the items of one document, the first is 1.
    """

    entity_id: EntityId
    item_id: str
    kind: Literal["invoice", "credit_note"]
    document_number: str
    number: int = Field(ge=1)
    issue_date: date
    due_date: date
    currency: CurrencyCode
    amount: Amount = Field(gt=0)
    original_amount: Amount = Field(gt=0)
    reminder_step: int = Field(default=0, ge=0, description="how many reminders it has had")
    payment_reference: str | None = None
    discount_amount: Amount | None = None
    discount_until: date | None = None

    def stream_id(self) -> str:
        return f"opening:{self.entity_id}:{self.item_id}"


class _OnDocument(_OfCustomer):
    entity_id: EntityId
    document_number: str


class _OnDispute(_OnDocument):
    dispute_id: str

    def stream_id(self) -> str:
        return f"dispute:{self.dispute_id}"


@contract("invoicing.DisputeOpened")
class DisputeOpened(_OnDispute):
    """A customer contests an invoice (litige), all of it or a part; only that part is kept from reminders."""

    reason: str = Field(description="code: price, quantity, quality, delivery, duplicate, already_paid, ...")
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    owner: str = Field(description="who is to clear it")
    due_date: date = Field(description="by when")
    opened_on: date
    who: str


@contract("invoicing.DisputeReassigned")
class DisputeReassigned(_OnDispute):
    """Somebody else is to clear the dispute, or by another date."""

    owner: str
    due_date: date
    who: str
    why: str


@contract("invoicing.DisputeResolved")
class DisputeResolved(_OnDispute):
    """The dispute is over: accepted with a credit note, rejected, or withdrawn by the customer.

    `amount` is contested no more; `credited` of it is taken back by the credit note, the rest is owed.
    """

    outcome: Literal["accepted", "rejected", "withdrawn"]
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    credited: Amount = Field(ge=0)
    credit_note: str | None = Field(default=None, description="its document number")
    resolved_on: date
    who: str
    why: str


class _OnRequest(_OnDocument):
    request_id: str

    def stream_id(self) -> str:
        return f"request:{self.request_id}"


class _Requested(_OnRequest):
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    requested_on: date
    who: str
    why: str


class _Decided(_OnRequest):
    decided_on: date
    who: str
    why: str


@contract("invoicing.CreditNoteRequested")
class CreditNoteRequested(_Requested):
    """A credit note is asked for; another person than who asked decides."""

    reason: str = Field(description="code, as a dispute's")
    lines: tuple[CreditedLine, ...] = Field(
        default=(), description="the lines that come to the amount; none: all rates of VAT in proportion"
    )


@contract("invoicing.CreditNoteRequestApproved")
class CreditNoteRequestApproved(_Decided):
    """The credit note that was asked for is issued."""

    credit_note: str = Field(description="its document number")


@contract("invoicing.CreditNoteRequestRefused")
class CreditNoteRequestRefused(_Decided):
    """The credit note that was asked for is not issued."""


@contract("invoicing.BadDebtProposed")
class BadDebtProposed(_Requested):
    """So much of an invoice will not be paid, somebody says; another person decides."""


@contract("invoicing.BadDebtWrittenOff")
class BadDebtWrittenOff(_Decided):
    """So much of an invoice is given up (irrécouvrable). What is open of it less than that goes to nothing."""

    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    proposed_by: str
    open_before: Amount | None = Field(
        default=None, description="what was open of the invoice, as far as matching's events told of it"
    )


@contract("invoicing.BadDebtRefused")
class BadDebtRefused(_Decided):
    """The write-off that was proposed is not made; the invoice is owed as before."""


@contract("invoicing.LifecycleStatusReceived")
class LifecycleStatusReceived(_OnDocument):
    """A status of electronic invoicing came in: 200 déposée, 210 refusée, 212 encaissée, 213 rejetée, and others.

    200 and 213 come from the platform, 204 to 208, 210 and 211 from the buyer, 212 from the issuer.
    """

    status: int
    source: Literal["platform", "buyer", "issuer"]
    occurred_at: datetime
    reference: str = Field(description="the message's own; the same again is the same message")
    reason: str | None = Field(default=None, description="code")
    amount: Amount | None = Field(default=None, description="of what it says, where that is a part")

    def stream_id(self) -> str:
        return f"invoice:{self.entity_id}:{self.document_number}"


@contract("invoicing.DayClosed", broadcast=True)
class InvoicingDayClosed(Event):
    """Everything invoicing knew by the close of the business date stands before this in every partition."""

    business_date: date
    entities: tuple[EntityId, ...]

    def stream_id(self) -> str:
        return "days"
