"""Payment-ingest's HTTP API. Lists are in `queries`."""

from fastapi import APIRouter

from lettra_payment_ingest.api import accounts, payments, remittances, statements
from lettra_payment_ingest.finishing import finishing

router = APIRouter(lifespan=finishing)
for _each in (accounts, statements, payments, remittances):
    router.include_router(_each.router)

__all__ = ["router"]
