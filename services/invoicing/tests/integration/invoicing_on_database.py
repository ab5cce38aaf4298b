"""The service on a database and topics of any name. Run, it is a process of its own, which a test may kill or stop:
LETTRA_DSN names the database, TOPIC_IN, TOPIC_OUT and TOPIC_CONTACTS the topics, and its arguments are those of the
service. Without TOPIC_CONTACTS contacts are not published: the topic would be everybody's.
"""

from __future__ import annotations

import os
from dataclasses import replace

from lettra_events.contracts import TOPICS
from lettra_events.service.roles import run
from lettra_invoicing.main import READING, SERVICE
from lettra_invoicing.settings import InvoicingSettings


class OnDatabase(InvoicingSettings):
    """The service's settings, but for the database."""

    dsn: str

    def database(self, name: str) -> str:
        del name
        return self.dsn


if __name__ == "__main__":
    TOPICS["invoicing"] = os.environ.get("TOPIC_OUT", TOPICS["invoicing"])
    reading = replace(READING, topics=(os.environ.get("TOPIC_IN", TOPICS["matching"]),))
    contacts = os.environ.get("TOPIC_CONTACTS")
    published = [replace(each, topic=contacts) for each in SERVICE.compacted if contacts]
    run(replace(SERVICE, settings=OnDatabase, reading=reading, compacted=published))
