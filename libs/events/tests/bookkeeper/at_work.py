"""The bookkeeper as a process loads him: BOOKKEEPER_TOPIC is what he reads."""

from __future__ import annotations

import os

import clerk

import bookkeeper

clerk.register()
SERVICE = bookkeeper.service(os.environ["BOOKKEEPER_TOPIC"])
