"""Whatever is appended, however relays and readers die: the topic is one sound history, and its reader knows it.

A state machine of hypothesis draws histories on real PostgreSQL and Kafka: transactions of several writers that end
in any order, relays that are killed at each durable step, replaced while they send or lead two at a time, readers
that are killed, rebalanced, two at once, sent back and ahead. LETTRA_THOROUGH=1 draws others for six minutes,
and prints with which seed.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
import toys
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from relay_world import WRITERS, World

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

THOROUGH = os.environ.get("LETTRA_THOROUGH") == "1"
THOROUGH_SECONDS = 360
QUICK = settings(
    derandomize=True,
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
WRITER = st.integers(0, WRITERS - 1)
READER = st.integers(0, 1)
BATCH = st.sampled_from((1, 2, 3, 7, 100))
DEPOSIT = st.builds(
    lambda account, amount: toys.Deposited(account=f"a{account}", amount=amount),
    st.integers(0, 6),
    st.sampled_from((1, 2, 50, 100)),
)
BROADCAST = st.builds(lambda n: toys.Broadcasted(text=f"t{n}"), st.integers(0, 9))
EVENTS = st.lists(st.one_of(DEPOSIT, DEPOSIT, DEPOSIT, BROADCAST), min_size=1, max_size=8)
RELAY_PLACES = st.sampled_from(
    (
        "publish.sent",
        "sequence.written",
        "publish.marked",
        "sequence.committed",
        "publish.before",
        "sequence.before",
    )
)
READER_PLACES = st.sampled_from(("consume.committed", "consume.written", "consume.decided", "consume.before"))


class AnyRelayHistory(RuleBasedStateMachine):
    """A publisher and its readers, to whom anything happens; `loop` and `world` are set by the test."""

    loop: asyncio.AbstractEventLoop
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.began = self.broken = False

    def run(self, what: Awaitable[Any]) -> None:
        """A step; after one that fails nothing more is checked."""
        try:
            self.loop.run_until_complete(what)
        except BaseException:
            self.broken = True
            raise

    @initialize(partitions=st.integers(1, 3))
    def begin(self, partitions: int) -> None:
        self.run(self.world.begin(partitions))
        self.began = True

    # ---- Appending ----

    @rule(writer=WRITER, events=EVENTS, exactly=st.booleans())
    def append(self, writer: int, events: list[Any], exactly: bool) -> None:
        self.run(self.world.begin_append(writer, events, exactly=exactly))
        self.run(self.world.end(self.world.writers[writer], commit=True))

    @rule(writer=WRITER, events=EVENTS, exactly=st.booleans())
    def begin_to_append(self, writer: int, events: list[Any], exactly: bool) -> None:
        self.run(self.world.begin_append(writer, events, exactly=exactly))

    @rule(writer=WRITER, commit=st.sampled_from((True, True, False)))
    def end_of_append(self, writer: int, commit: bool) -> None:
        self.run(self.world.end(self.world.writers[writer], commit=commit))

    @rule(writer=WRITER, event=DEPOSIT, kill=st.booleans())
    def refuse_or_kill_a_writer(self, writer: int, event: Any, kill: bool) -> None:
        self.run(self.world.kill_writer(writer) if kill else self.world.append_stale(event))

    # ---- Relaying ----

    @rule(limits=st.lists(st.integers(1, 9), min_size=1, max_size=2))
    def number(self, limits: list[int]) -> None:
        self.run(self.world.number(limits))

    @rule(batch_max=BATCH)
    def relay(self, batch_max: int) -> None:
        self.run(self.world.relay(batch_max))

    @rule(batch_max=BATCH, place=RELAY_PLACES, times=st.integers(1, 3))
    def kill_a_relay(self, batch_max: int, place: str, times: int) -> None:
        self.run(self.world.relay(batch_max, place, times))

    @rule(batch_max=BATCH, events=EVENTS)
    def relay_in_turns(self, batch_max: int, events: list[Any]) -> None:
        self.run(self.world.relay_in_turns(batch_max, events))

    @rule(batch_max=BATCH, events=EVENTS)
    def replace_a_relay_while_it_sends(self, batch_max: int, events: list[Any]) -> None:
        self.run(self.world.relay_replaced_while_it_sends(batch_max, events))

    @rule(batch_max=BATCH, events=EVENTS)
    def let_two_relays_lead(self, batch_max: int, events: list[Any]) -> None:
        self.run(self.world.relay_without_a_lead(batch_max, events))

    # ---- Reading ----

    @rule(readers=st.sampled_from(((0,), (1,), (0, 1))), batch=BATCH, times=st.integers(1, 3))
    def read(self, readers: tuple[int, ...], batch: int, times: int) -> None:
        for _ in range(times):
            self.run(self.world.read(readers, batch))

    @rule(reader=READER, by=st.integers(-5, 3), batch=BATCH)
    def read_again_or_ahead(self, reader: int, by: int, batch: int) -> None:
        self.run(self.world.move(reader, by))
        self.run(self.world.read([reader], batch))

    @rule(reader=READER)
    def rebalance(self, reader: int) -> None:
        self.run(self.world.rebalance(reader))

    @rule(reader=READER, batch=BATCH, place=READER_PLACES, times=st.integers(1, 2))
    def kill_a_reader(self, reader: int, batch: int, place: str, times: int) -> None:
        self.run(self.world.kill_reader(reader, batch, place, times))

    # ---- What must hold ----

    def teardown(self) -> None:
        if not self.began:
            return
        try:
            if not self.broken:
                self.run(self.world.check())
        finally:
            self.loop.run_until_complete(self.world.clean_up())


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The one event loop of a machine."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_any_history_is_published_and_read_whole(servers: Servers, loop: asyncio.AbstractEventLoop) -> None:
    """Guards: what keeps an event from being lost, doubled or reordered between append and a reader's position."""
    stack = AsyncExitStack()
    AnyRelayHistory.loop = loop
    try:
        AnyRelayHistory.world = loop.run_until_complete(stack.enter_async_context(World.on(servers)))
        if THOROUGH:
            _thoroughly(AnyRelayHistory)
        else:
            run_state_machine_as_test(AnyRelayHistory, settings=QUICK)
    finally:
        loop.run_until_complete(stack.aclose())


def _thoroughly(machine: type[AnyRelayHistory]) -> None:
    """Round after round, each from a seed of its own, until the time is up; of one round where a seed is given."""
    wanted = os.environ.get("LETTRA_SEED")
    settings_of_round = settings(QUICK, derandomize=False, max_examples=10, stateful_step_count=40)
    ends = time.monotonic() + (0 if wanted else THOROUGH_SECONDS)
    chosen = int(wanted or random.randrange(2**32))
    while True:
        print(f"To repeat: LETTRA_THOROUGH=1 LETTRA_SEED={chosen}", flush=True)
        run_state_machine_as_test(seed(chosen)(machine), settings=settings_of_round)
        if time.monotonic() >= ends:
            return
        chosen += 1
