"""Files through the API: all of a file or nothing, twice the same, and whole after a kill."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import threading

import httpx
import pytest
from asyncpg.pool import PoolConnectionProxy
from invoicing_examples import (
    CUSTOMER,
    CUSTOMER_HEADER,
    ENTITY,
    IBAN,
    MAIL,
    customers_csv,
    invoice_row,
    invoices_csv,
    many_invoices,
    note_row,
)
from service_process import serving

from lettra_invoicing import handlers, importing

CUSTOMERS = customers_csv(f"C-8,Dupont,404833048,,{IBAN},{MAIL},fr,", 'C-9,"Durand, Fils",,,,,en,G-1')


async def state(api) -> dict:
    """All that files leave behind."""
    return {
        name: await api.table(name) for name in ("customers", "contacts", "documents", "streams", "events")
    }


def bad(response: httpx.Response) -> list[tuple[int, str]]:
    """Line and column of each bad cell of a file of which nothing was taken."""
    assert response.status_code == 422, response.text
    body = response.json()
    assert (body["type"], body["detail"]) == ("urn:lettra:problem:bad-rows", "nothing was taken")
    assert all(error["reason"] for error in body["errors"])
    return sorted((error["line"], error["column"]) for error in body["errors"])


class TestTaken:
    async def test_customers(self, api):
        answer = await api.taken("customers", CUSTOMERS)
        assert (answer["rows"], answer["created"]) == (2, 2)
        contacts = {row["contact_id"]: row["email"] for row in await api.table("contacts")}
        assert contacts["contact:C-8"] == MAIL
        assert not any(MAIL in str(event) for event in await api.events())

    async def test_the_same_file_twice_changes_nothing(self, api):
        """Guard: register_customer and import_document give no event for what is there (decider/)."""
        invoices = invoices_csv(
            invoice_row("E-1", customer_id="C-8"), note_row("E-2", "E-1", customer_id="C-8")
        )
        files = [("customers", CUSTOMERS), ("invoices", invoices)]
        for kind, data in files:
            assert (await api.taken(kind, data))["created"] == 2
        before = await state(api)
        for kind, data in files:
            assert (await api.taken(kind, data))["created"] == 0
        assert await state(api) == before

    async def test_a_credit_note_and_its_invoice_in_one_file(self, api):
        """Each row sees those before it, also those of its own chunk and of the chunks before."""
        rows = [invoice_row(f"E-{n}") for n in range(5)] + [note_row(f"N-{n}", f"E-{n}") for n in range(5)]
        assert (await api.taken("invoices", invoices_csv(*rows)))["created"] == 10
        assert {str(d["credited"]) for d in await api.table("documents") if d["kind"] == "invoice"} == {
            "120.00"
        }

    async def test_its_progress_is_known_by_its_digest(self, api):
        data = many_invoices(3)
        digest = hashlib.sha256(data).hexdigest()
        assert (await api.taken("invoices", data))["digest"] == digest
        shown = await api.get(f"/imports/{digest}")
        assert (shown["kind"], shown["rows"], shown["done"]) == ("invoices", 3, 3)
        assert shown["finished_at"] >= shown["started_at"]

    async def test_five_thousand_rows(self, api, monkeypatch):
        """Guard: a statement a table and chunk, never a row (store/running.py, store/rows.py, store/append.py)."""
        statements = counting_statements(monkeypatch)
        assert (await api.taken("invoices", many_invoices(5_000)))["created"] == 5_000
        assert 10 < len(statements) < 400
        assert await api.pool.fetchval("select count(*) from documents") == 5_000


def counting_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is sent from now on."""
    sent: list[str] = []
    for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        plain = getattr(PoolConnectionProxy, name)

        def counted(self, query, *arguments, _plain=plain, **options):
            sent.append(query)
            return _plain(self, query, *arguments, **options)

        monkeypatch.setattr(PoolConnectionProxy, name, counted)
    return sent


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "kind"),
        [
            (b"", "wrong-header"),
            (CUSTOMER_HEADER.encode().replace(b"email", b"mail"), "wrong-header"),
            (customers_csv("C-8,Dup\xe9,,,,,,").decode("latin-1").encode("latin-1"), None),
            (CUSTOMERS.replace(b"Dupont", b"Dup\xe9nt"), "not-utf-8"),
            (customers_csv('C-8,"Dupont'), "malformed-csv"),
        ],
        ids=["empty", "header", "utf-8 is fine", "latin-1", "quote"],
    )
    async def test_what_is_no_file_of_ours(self, api, data, kind):
        response = await api.send("customers", data)
        if kind is None:
            assert response.status_code == 200
        else:
            assert (response.status_code, response.json()["type"]) == (422, f"urn:lettra:problem:{kind}")
            assert response.json()["field"] == "file"

    async def test_too_many_rows(self, start):
        """Guard: LETTRA_IMPORT_ROWS_MAX (settings.py)."""
        api = await start(import_rows_max=2)
        response = await api.send("invoices", many_invoices(3))
        assert (response.status_code, response.json()["type"]) == (413, "urn:lettra:problem:too-many-rows")

    async def test_bad_cells_and_nothing_is_taken(self, api):
        """Guard: nothing is applied while there is an error (importing.take)."""
        before = await state(api)
        rows = [invoice_row("E-1"), invoice_row("E-2", net="x"), invoice_row("E-3", issue_date="1/2/26")]
        assert bad(await api.send("invoices", invoices_csv(*rows))) == [(3, "net"), (4, "issue_date")]
        assert await state(api) == before

    async def test_rows_that_do_not_fit_what_is_there_and_nothing_is_taken(self, api):
        """Guard: every row is decided on beforehand, each seeing those before it (importing._check)."""
        await api.taken("invoices", invoices_csv(invoice_row("E-1")))
        before = await state(api)
        rows = [
            invoice_row("E-2"),
            invoice_row("E-1", due_date="2026-03-01"),
            invoice_row("E-3", customer_id="C-7"),
            note_row("N-1", "E-4"),
            invoice_row("E-4"),
            note_row("N-2", "E-2", customer_id="C-2"),
            note_row("N-3", "E-2"),
            note_row("N-4", "E-2", net="0.01", vat="0.00", gross="0.01"),
            invoice_row("E-2", due_date="2026-03-01"),
        ]
        assert bad(await api.send("invoices", invoices_csv(*rows))) == [
            (3, "document_number"),
            (4, "customer_id"),
            (5, "corrects"),
            (7, "customer_id"),
            (9, "gross"),
            (10, "document_number"),
        ]
        assert await state(api) == before

    async def test_what_others_change_meanwhile_is_named_with_its_line(self, start, monkeypatch):
        """Guard: importing._take_row; the chunks before it are taken, and the answer says that this can be."""
        api = await start(import_chunk_rows=2)
        for path, body in (("/legal-entities", ENTITY), ("/customers", CUSTOMER)):
            await api.made(path, body)
        check = api.commands.preview

        async def check_and_be_overtaken(*arguments):
            errors = await check(*arguments)
            monkeypatch.setattr(api.commands, "preview", check)
            await api.taken("invoices", invoices_csv(invoice_row("E-000002", due_date="2026-03-01")))
            return errors

        monkeypatch.setattr(api.commands, "preview", check_and_be_overtaken)
        data = many_invoices(4)
        response = await api.send("invoices", data)
        body = response.json()
        assert (response.status_code, body["type"]) == (409, "urn:lettra:problem:import-overtaken")
        assert [(e["line"], e["column"]) for e in body["errors"]] == [(4, "document_number")]
        numbers = [d["document_number"] for d in await api.table("documents")]
        assert sorted(numbers) == ["E-000000", "E-000001", "E-000002"]
        shown = await api.get(f"/imports/{hashlib.sha256(data).hexdigest()}")
        assert (shown["done"], shown["finished_at"]) == (2, None)


class TestOpenItems:
    HEADER = (
        "entity_id,customer_id,item_id,kind,document_number,issue_date,due_date,currency,amount,payment_reference,"
        "discount_amount,discount_until,original_amount,reminder_step"
    )
    ROWS = (
        "FR01,C-1,A1,invoice,2025/0815,2025-11-03,2025-12-31,EUR,70.00,,,,120.00,2",
        "FR01,C-1,A2,invoice,2025/0815,2025-11-03,2026-01-31,EUR,60.00,,1.20,2025-11-11,,",
        "FR01,C-2,A3,credit_note,AV/7,2025-11-03,2025-11-03,EUR,12.00,,,,,",
    )

    def file(self, *rows: str) -> bytes:
        return "\n".join([self.HEADER, *rows, ""]).encode()

    async def test_they_are_taken_once_and_draw_no_number(self, api):
        assert (await api.taken("open-items", self.file(*self.ROWS)))["created"] == 3
        before = await api.events()
        assert (await api.taken("open-items", self.file(*self.ROWS)))["created"] == 0
        assert await api.events() == before
        assert [event["type"].partition(".")[2] for event in before][-3:] == ["OpeningItemTaken"] * 3
        assert [(e["data"]["number"], e["data"]["original_amount"]) for e in before[-3:]] == [
            (1, "120.00"),
            (2, "60.00"),
            (1, "12.00"),
        ]
        shown = await api.get("/documents/FR01/2025/0815")
        assert (shown["gross"], shown["net"], shown["origin"]) == ("180.00", None, "opening")
        assert await api.table("series") == []

    async def test_bad_ones_are_named_and_none_is_taken(self, api):
        """Guard: rows of one document are checked together (imports/kinds.py)."""
        await api.taken("invoices", invoices_csv(invoice_row("E-1")))
        rows = [
            *self.ROWS,
            "FR01,C-1,A4,invoice,E-1,2025-11-03,2025-12-31,EUR,70.00,,,,,",
            "FR01,C-2,A5,invoice,2025/0815,2025-11-03,2025-12-31,EUR,70.00,,,,,",
            "FR01,C-1,A1,invoice,2025/0815,2025-11-03,2025-12-31,EUR,71.00,,,,120.00,2",
        ]
        assert bad(await api.send("open-items", self.file(*rows))) == [
            (5, "document_number"),
            (6, "document_number"),
            (7, "item_id"),
        ]
        low = self.file("FR01,C-1,A6,invoice,X,2025-11-03,2025-12-31,EUR,70.00,,,,60.00,-1")
        assert bad(await api.send("open-items", low)) == [(2, "reminder_step")]
        assert await api.table("opening_items") == []


class TestTogether:
    async def test_rows_that_concern_one_another_are_checked_together(self, api, monkeypatch):
        """Guard: the check goes by groups (imports/grouping.py): a note far behind its invoice sees it."""
        monkeypatch.setattr(importing, "CHECKED_TOGETHER", 3)
        invoices = [invoice_row(f"E-{n}") for n in range(10)]
        notes = [note_row(f"N-{n}", f"E-{n}", net="100.00", vat="20.00", gross="120.00") for n in range(10)]
        late = [note_row("L-1", "E-4", net="0.01", vat="0.00", gross="0.01"), note_row("L-2", "E-99")]
        assert bad(await api.send("invoices", invoices_csv(*invoices, *notes, *late))) == [
            (22, "gross"),
            (23, "corrects"),
        ]
        assert (await api.taken("invoices", invoices_csv(*invoices, *notes)))["created"] == 20

    async def test_many_files_at_once_are_all_taken(self, api):
        """Guard: only some imports at a time (importing._turns): each holds a connection while it needs another."""
        files = [invoices_csv(invoice_row(f"F{n}-1"), invoice_row(f"F{n}-2")) for n in range(24)]
        answers = await asyncio.wait_for(
            asyncio.gather(*(api.taken("invoices", file) for file in files)), 120
        )
        assert [answer["created"] for answer in answers] == [2] * 24

    async def test_a_file_that_is_being_taken_is_not_taken_beside(self, api, monkeypatch):
        """Guard: the advisory lock (importing._alone)."""
        data = many_invoices(3)
        check, answers = api.commands.preview, []

        async def check_and_send_again(*arguments):
            monkeypatch.setattr(api.commands, "preview", check)
            answers.append(await api.send("invoices", data))
            return await check(*arguments)

        monkeypatch.setattr(api.commands, "preview", check_and_send_again)
        assert (await api.taken("invoices", data))["created"] == 3
        (beside,) = answers
        assert (beside.status_code, beside.json()["type"]) == (409, "urn:lettra:problem:import-running")
        assert (await api.taken("invoices", data))["created"] == 0


KILLS = [
    ("append.before@1", 0),
    ("append.written@1", 0),
    ("append.committed@1", 2),
    ("append.written@2", 2),
    ("append.committed@3", 5),
]


class TestKilled:
    @pytest.mark.parametrize(("failpoint", "taken"), KILLS)
    async def test_sent_again_nothing_is_lost_or_doubled(
        self, api, servers, database, tmp_path, failpoint, taken, monkeypatch
    ):
        """Guards: a chunk moves `done` in its transaction (importing._apply); a resumed import goes on there."""
        data = invoices_csv(*(invoice_row(f"E-{n}") for n in range(4)), note_row("N-1", "E-0"))
        environment = {"LETTRA_FAILPOINT": failpoint, "LETTRA_IMPORT_CHUNK_ROWS": "2"}
        async with serving(servers, database, tmp_path, "api", **environment) as service:
            with pytest.raises(httpx.TransportError):
                await service.client.post("/imports/invoices", files={"file": ("i.csv", data)})
            assert await service.ended() == -signal.SIGKILL
        assert len(await api.table("documents")) == taken
        digest = hashlib.sha256(data).hexdigest()
        assert (await api.get(f"/imports/{digest}"))["finished_at"] is None

        went_over = []
        handle = handlers.import_document
        monkeypatch.setattr(
            handlers, "import_document", lambda w, c: went_over.append(c.document_number) or handle(w, c)
        )
        answer = await api.taken("invoices", data)
        assert (answer["rows"], answer["created"]) == (5, 5 - taken)
        assert {"E-0", "E-1"} & set(went_over) == (set() if taken else {"E-0", "E-1"})
        documents = [event["type"] for event in await api.events() if event["key"] == "C-1"][1:]
        assert documents == ["invoicing.InvoiceIssued"] * 4 + ["invoicing.CreditNoteIssued"]
        credited = {d["document_number"]: str(d["credited"]) for d in await api.table("documents")}
        assert credited == {"E-0": "120.00", "E-1": "0", "E-2": "0", "E-3": "0", "N-1": "0"}
        shown = await api.get(f"/imports/{digest}")
        assert (shown["done"], shown["finished_at"] is None) == (5, False)


async def test_a_file_is_read_and_checked_beside_the_event_loop(api, monkeypatch):
    """Guards: to_thread in importing.take and in store/running.preview_decisions.

    On the event loop a large file would silence the process for seconds: no answer, no heartbeat, no relay.
    """
    loop, seen = threading.get_ident(), []

    def noting(what, function):
        def noted(*arguments):
            seen.append((what, threading.get_ident() == loop))
            return function(*arguments)

        return noted

    monkeypatch.setattr(importing, "stage", noting("read", importing.stage))
    monkeypatch.setattr(handlers, "import_document", noting("decide", handlers.import_document))
    await api.taken("invoices", many_invoices(1))
    assert seen[0] == ("read", False)
    decided = [on_loop for what, on_loop in seen if what == "decide"]
    assert decided[0] is False
    assert decided == sorted(decided), "first the check beside the loop, then the taking on it"
