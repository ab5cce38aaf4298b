"""Call tasks: nothing leaves. Handing over is appending the task's event, which a collector's agenda reads.

So there is no doubt here: the event is appended once or not at all, under an id that follows from the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from lettra_notifications.domain.outcomes import HandedOver
from lettra_notifications.templates.filling import Filled
from lettra_notifications.templates.sources import ITEMS, PAYMENT

_TASKS = UUID("5a2d3c0e-0f0b-5a66-9d0e-9a4b0b3f6c11")


@dataclass(frozen=True)
class CallTask:
    """What a collector says on the phone: the subject, the words, the documents; the number is the contact's."""

    task_id: UUID
    subject: str
    script: tuple[str, ...]
    documents: tuple[str, ...]


def call_task(request_id: UUID, filled: Filled) -> tuple[CallTask, HandedOver]:
    """The task of a request, always the same one, and the outcome once its event is appended."""
    task = CallTask(
        task_id=uuid5(_TASKS, str(request_id)),
        subject=filled.subject,
        script=tuple(text for text in filled.paragraphs if text not in {ITEMS, PAYMENT}),
        documents=tuple(row.number for row in filled.rows),
    )
    return task, HandedOver(str(task.task_id))
