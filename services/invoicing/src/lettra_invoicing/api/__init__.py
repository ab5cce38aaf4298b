"""Invoicing's HTTP API, a module a subject. What it reads is in `queries`."""

from __future__ import annotations

from fastapi import APIRouter

from lettra_invoicing.api import customers, documents, following, imports

router = APIRouter()
for part in (customers, documents, following, imports):
    router.include_router(part.router)
