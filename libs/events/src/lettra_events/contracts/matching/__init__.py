"""What matching publishes on `ar.matching.events`: items, money and how the one settles the other (lettrage).

`date` is the business date to which the ledger puts a movement: for an application the later of the payment's
booking date and the item's issue date, for a person's act the date that the request names. So the ledger and the
aged balance as of any day are sums of movements up to that day.
"""

from __future__ import annotations

from lettra_events.contracts.matching._streams import WriteOffType
from lettra_events.contracts.matching.ledgers import (
    CashApplied,
    CashPutOnAccount,
    CashRefunded,
    CashTakenFromAccount,
    CashUnapplied,
    CreditApplied,
    CreditUnapplied,
    HoldPlaced,
    HoldReleased,
    ItemDisputed,
    ItemOpened,
    ItemReopened,
    ItemSettled,
    ItemWrittenOff,
    WriteOffReversed,
)
from lettra_events.contracts.matching.money import (
    AdviceTaken,
    AnnouncementClosed,
    MatchProposed,
    MatchUndone,
    MoneyAnnounced,
    PaymentSentBack,
    PaymentSplit,
    PaymentTaken,
    PaymentTransferredIn,
    PaymentTransferredOut,
    PaymentUnmatched,
    ProposalConfirmed,
    ProposalRefused,
    ProposalWithdrawn,
    ProposedLine,
)
from lettra_events.contracts.matching.payers import (
    ChangedRule,
    DayProcessed,
    PayerForgotten,
    PayerLearned,
    PayerStated,
    RulesChanged,
)

__all__ = [
    "AdviceTaken",
    "AnnouncementClosed",
    "CashApplied",
    "CashPutOnAccount",
    "CashRefunded",
    "CashTakenFromAccount",
    "CashUnapplied",
    "ChangedRule",
    "CreditApplied",
    "CreditUnapplied",
    "DayProcessed",
    "HoldPlaced",
    "HoldReleased",
    "ItemDisputed",
    "ItemOpened",
    "ItemReopened",
    "ItemSettled",
    "ItemWrittenOff",
    "MatchProposed",
    "MatchUndone",
    "MoneyAnnounced",
    "PayerForgotten",
    "PayerLearned",
    "PayerStated",
    "PaymentSentBack",
    "PaymentSplit",
    "PaymentTaken",
    "PaymentTransferredIn",
    "PaymentTransferredOut",
    "PaymentUnmatched",
    "ProposalConfirmed",
    "ProposalRefused",
    "ProposalWithdrawn",
    "ProposedLine",
    "RulesChanged",
    "WriteOffReversed",
    "WriteOffType",
]
