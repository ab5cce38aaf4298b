"""Invoicing's words: what a caller asks for, and the state that its own events fold into. Pure."""

from lettra_invoicing.domain.commands import *  # noqa: F403 - each says in __all__ what it gives
from lettra_invoicing.domain.state import *  # noqa: F403
from lettra_invoicing.domain.terms import Terms as Terms
from lettra_invoicing.domain.terms import read_terms as read_terms
from lettra_invoicing.domain.values import DocumentNumber as DocumentNumber
from lettra_invoicing.domain.values import creditor_reference as creditor_reference
