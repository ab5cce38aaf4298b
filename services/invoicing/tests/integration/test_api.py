"""Commands and lists through the API, on a real database."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from invoicing_examples import CREDIT_NOTE, CUSTOMER, ENTITY, IBAN, INVOICE, MAIL, invoice_row, invoices_csv

from lettra_invoicing import queries

PROBLEM = "urn:lettra:problem:"


def problem(response) -> tuple[int, str, str | None]:
    """Status, kind and field of a problem."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["type"].removeprefix(PROBLEM), body.get("field")


class TestCommands:
    async def test_from_registration_to_credit_note(self, api):
        """One stream a document, keys as the contracts say; what is shown is what was decided."""
        invoice = await api.made("/invoices", INVOICE)
        note = await api.made("/credit-notes", CREDIT_NOTE)
        assert (invoice["document_number"], note["document_number"]) == ("FA-000001", "AV-000001")
        assert [(event["type"].partition(".")[2], event["key"]) for event in await api.events()] == [
            ("LegalEntityRegistered", "entity:FR01"),
            ("CustomerRegistered", "C-1"),
            ("CustomerRegistered", "C-2"),
            ("NumberDrawn", "entity:FR01"),
            ("InvoiceIssued", "C-1"),
            ("NumberDrawn", "entity:FR01"),
            ("CreditNoteIssued", "C-1"),
        ]
        shown = await api.get("/documents/FR01/FA-000001")
        assert shown == {
            **{name: value for name, value in INVOICE.items() if name != "series"},
            "document_number": "FA-000001",
            "kind": "invoice",
            "credited": "12.00",
            "corrects": None,
            "payment_reference": invoice["payment_reference"],
            "origin": "issued",
            "payable": "120.00",
            "terms": None,
            "instalments": [],
            "discount_amount": None,
            "discount_until": None,
            "deposit": False,
            "deducted": "0",
            "disputed": "0",
            "written_off": "0",
            "status": None,
            "settled": None,
            "open": None,
            "settlement": None,
        }

    async def test_the_mail_address_is_in_contacts_and_nowhere_else(self, api):
        """Guard: decider.register_customer leaves it out; nothing published or kept for ever has it."""
        await api.made("/customers", CUSTOMER, idempotency_key="k")
        (contact,) = await api.table("contacts")
        known = {name: value for name, value in contact.items() if value is not None}
        assert known == {"contact_id": "contact:C-1", "email": MAIL}
        tables = await api.pool.fetch(
            "select relname from pg_class where relkind = 'r' and relnamespace = $1::regnamespace", "public"
        )
        assert len(tables) > 10
        for (name,) in tables:
            found = await api.pool.fetchval(
                f"select count(*) from {name} t where t::text like $1", f"%{MAIL}%"
            )
            in_bytes = await api.pool.fetchval(
                f"select count(*) from {name} t where t::text like $1", f"%{MAIL.encode().hex()}%"
            )
            assert (found, in_bytes) == (int(name == "contacts"), 0), name

    async def test_a_day_is_closed_once(self, api):
        first, again = [(await api.client.post("/days/2026-01-31/close")).json() for _ in "12"]
        assert first == {"business_date": "2026-01-31", "created": True}
        assert again == {"business_date": "2026-01-31", "created": False}
        assert (await api.events())[-1]["key"] == "*"
        assert problem(await api.client.post("/days/2026-01-30/close")) == (
            409,
            "day-already-closed",
            "business_date",
        )

    @pytest.mark.parametrize("day", ["0", "20304000", "2026-02-30", "today"])
    async def test_a_day_that_is_none(self, api, day):
        """Guard: IsoDate (domain/values.py); a number would be seconds since 1970."""
        response = await api.client.post(f"/days/{day}/close")
        assert problem(response) == (422, "invalid-request", None)
        assert response.json()["errors"][0]["field"] == "path.business_date"

    async def test_many_at_once_draw_one_number_each(self, api):
        """Guard: the series is locked while a number is drawn (store/running.py)."""
        answers = await asyncio.gather(*(api.made("/invoices", INVOICE) for _ in range(20)))
        numbers = sorted(answer["document_number"] for answer in answers)
        assert numbers == [f"FA-{n:06d}" for n in range(1, 21)]

    async def test_a_number_that_an_imported_document_has(self, api):
        """Guard: _number_taken (api/). Without it the caller is told to try again, for ever."""
        await api.taken("invoices", invoices_csv(invoice_row("FA-000002")))
        await api.made("/invoices", INVOICE)
        before = len(await api.events())
        response = await api.post("/invoices", INVOICE)
        assert problem(response) == (409, "number-taken", "series")
        assert "FA-000002" in response.json()["detail"]
        assert len(await api.events()) == before
        assert (await api.made("/invoices", INVOICE | {"series": "FB"}))["document_number"] == "FB-000001"


class TestProblems:
    @pytest.mark.parametrize(
        ("path", "body", "expected", "place"),
        [
            ("/invoices", INVOICE | {"currency": "EURO"}, (422, "invalid-request", None), "currency"),
            ("/invoices", INVOICE | {"net": 100.0}, (422, "invalid-request", None), "net"),
            (
                "/invoices",
                {k: v for k, v in INVOICE.items() if k != "series"},
                (422, "invalid-request", None),
                "series",
            ),
            ("/invoices", INVOICE | {"gross": "121.00"}, (422, "invalid-request", None), "body"),
            ("/invoices", INVOICE | {"customer_id": "C-9"}, (404, "unknown-customer", "customer_id"), None),
            ("/invoices", INVOICE | {"entity_id": "FR9"}, (404, "unknown-legal-entity", "entity_id"), None),
            ("/credit-notes", CREDIT_NOTE, (404, "unknown-invoice", "corrects"), None),
            (
                "/customers",
                CUSTOMER | {"ibans": [IBAN, IBAN[:-1] + "7"]},
                (422, "invalid-request", None),
                "ibans.1",
            ),
            ("/customers", CUSTOMER | {"name": "Other"}, (409, "customer-exists", "customer_id"), None),
            (
                "/customers",
                CUSTOMER | {"email": "new@dupont.example"},
                (409, "customer-exists", "customer_id"),
                None,
            ),
            ("/customers", CUSTOMER | {"name": "a\0b"}, (422, "invalid-request", None), "name"),
            ("/legal-entities", ENTITY | {"name": "Other"}, (409, "legal-entity-exists", "entity_id"), None),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    async def test_each_refusal_has_its_type_and_place(self, api, path, body, expected, place):
        response = await api.post(path, body)
        assert problem(response) == expected
        assert [each["field"] for each in response.json().get("errors", [])] == ([place] if place else [])

    async def test_malformed_json(self, api):
        response = await api.client.post(
            "/invoices", content=b"{", headers={"content-type": "application/json"}
        )
        assert problem(response) == (400, "malformed-json", None)

    async def test_sizes(self, start):
        """Guard: Observing (service/observing.py), with the limits of the settings."""
        api = await start(body_bytes_max=1_000, upload_bytes_max=2_000)
        assert problem(await api.post("/customers", CUSTOMER | {"name": "x" * 1_000}))[:2] == (
            413,
            "too-large",
        )
        assert problem(await api.send("customers", b"x" * 2_000))[:2] == (413, "too-large")

    @pytest.mark.parametrize(
        "path",
        [
            "/documents/FR01/none",
            "/documents/FR01/a%00b",
            "/customers/a%00b/documents",
            "/customers/C-1/documents?after=FR01:%00",
            "/customers/C-1/documents?after=none",
            "/customers/C-1/documents?limit=501",
            "/imports/" + "0" * 64,
            "/imports/%00",
        ],
    )
    async def test_what_cannot_be_read(self, api, path):
        """Guards: Identifier, DocumentNumber, Digest, _cursor; PostgreSQL takes no NUL, and would fail."""
        status, kind, _ = problem(await api.client.get(path))
        assert (status, kind) in {
            (404, "unknown-document"),
            (404, "unknown-import"),
            (422, "invalid-request"),
            (422, "wrong-cursor"),
        }


class TestIdempotency:
    async def test_a_repeat_gives_the_first_answer_byte_for_byte(self, api):
        """Guard: the answer is stored with the key (service/commands.py)."""
        first, again = [await api.post("/invoices", INVOICE, idempotency_key="order-1") for _ in "12"]
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (
            None,
            "true",
        )
        assert again.headers["content-type"] == first.headers["content-type"]
        assert (await api.made("/invoices", INVOICE))["document_number"] == "FA-000002"

    @pytest.mark.parametrize("path", ["/invoices", "/credit-notes"])
    async def test_the_same_key_for_something_else_is_refused(self, api, path):
        """Guard: the fingerprint covers path and body (service/http.py)."""
        await api.made("/invoices", INVOICE, idempotency_key="order-1")
        body = CREDIT_NOTE if path == "/credit-notes" else INVOICE | {"due_date": "2026-02-06"}
        response = await api.post(path, body, idempotency_key="order-1")
        assert problem(response) == (422, "idempotency-key-reused", "Idempotency-Key")
        assert len(await api.table("documents")) == 1

    @pytest.mark.parametrize("key", ["", "x" * 201])
    async def test_a_key_that_is_none(self, api, key):
        """Guard: command_context (service/http.py); an empty one would be taken for none at all."""
        assert problem(await api.post("/invoices", INVOICE, idempotency_key=key))[:2] == (
            422,
            "invalid-request",
        )


class TestCorrelation:
    async def test_the_callers_id_is_in_the_events(self, api):
        """Guard: the request's id goes to the decision (service/http.py, service/commands.py)."""
        response = await api.post("/invoices", INVOICE, x_correlation_id="order-4711")
        assert response.headers["x-correlation-id"] == "order-4711"
        told = [event["attributes"]["correlationid"] for event in (await api.events())[-2:]]
        assert told == ["order-4711"] * 2

    async def test_one_that_is_made_is_in_the_events_too(self, api):
        response = await api.post("/invoices", INVOICE)
        told = {event["attributes"]["correlationid"] for event in (await api.events())[-2:]}
        assert told == {response.headers["x-correlation-id"]}


class TestLists:
    async def test_documents_come_in_pages_each_once(self, api):
        """Guard: the cursor is entity and number (queries/)."""
        await api.made("/legal-entities", {"entity_id": "BE01", "name": "Filiale"})
        rows = [invoice_row(f"E-{n}", entity_id=entity) for n in range(3) for entity in ("FR01", "BE01")]
        other = invoice_row("E-9", customer_id="C-2")
        await api.taken("invoices", invoices_csv(*rows, other))
        found, after, pages = [], "", 0
        while after is not None:
            page = await api.get("/customers/C-1/documents", after=after, limit=4)
            found += [(d["entity_id"], d["document_number"]) for d in page["documents"]]
            after, pages = page["next"], pages + 1
        assert found == [(entity, f"E-{n}") for entity in ("BE01", "FR01") for n in range(3)]
        assert pages == 2

    async def test_a_page_is_read_by_the_index(self, api):
        """Guard: the cursor compares the index's columns (queries/, migrations/001): no page sorts them all."""
        async with api.pool.acquire() as connection:
            await connection.execute("set enable_seqscan = off")
            plan = "\n".join(
                row[0]
                for row in await connection.fetch(
                    "explain " + queries.documents._PAGE, "C-1", "FR01", "E-1", 10
                )
            )
        assert "Index Cond: ((customer_id = 'C-1'::text) AND (ROW(entity_id, document_number) > ROW(" in plan
        assert "Sort" not in plan

    @pytest.mark.parametrize("number", ["2025/0815", "A/B/C", "x.y_z-1"])
    async def test_numbers_as_erps_write_them(self, api, number):
        """Guard: the rest of the path is the number (api/)."""
        await api.taken("invoices", invoices_csv(invoice_row(number)))
        assert (await api.get(f"/documents/FR01/{number}"))["document_number"] == number

    async def test_an_unknown_customer_has_no_documents(self, api):
        assert await api.get("/customers/C-9/documents") == {"documents": [], "next": None}


class TestOpenApi:
    async def test_commands_and_answers_are_described(self, api):
        page = await api.get("/openapi.json")
        schemas, operation = page["components"]["schemas"], page["paths"]["/invoices"]["post"]
        assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
            "/IssueInvoice"
        )
        made = operation["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
        assert made.endswith("/Issued")
        assert [p["name"] for p in operation["parameters"]] == ["idempotency-key"]
        assert schemas["IssueInvoice"]["properties"]["net"]["anyOf"][0]["type"] == "string"
        assert schemas["IssueInvoice"]["properties"]["issue_date"] == {
            "type": "string",
            "format": "date",
            "title": "Issue Date",
        }
        optional = {"due_date", "net", "vat", "gross"}
        assert set(schemas["IssueInvoice"]["required"]) == set(INVOICE) - optional

    async def test_what_is_answered_has_the_described_shape(self, api):
        page = await api.get("/openapi.json")
        schemas = page["components"]["schemas"]
        answers = {
            "Issued": await api.made("/invoices", INVOICE),
            "DocumentView": await api.get("/documents/FR01/FA-000001"),
            "DocumentPage": await api.get("/customers/C-1/documents"),
            "Closed": (await api.client.post("/days/2026-01-31/close")).json(),
            "Imported": await api.taken("invoices", invoices_csv()),
        }
        for name, answer in answers.items():
            assert set(answer) == set(schemas[name]["properties"]) == set(schemas[name]["required"]), name
        assert Decimal(answers["DocumentView"]["gross"]) == 120
