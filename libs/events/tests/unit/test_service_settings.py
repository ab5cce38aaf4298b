"""Settings: from the environment, every wrong one named at once, and no password shown."""

from __future__ import annotations

import pytest

from lettra_events.service.settings import ServiceSettings, SettingsError

GOOD = {
    "LETTRA_KAFKA": "broker-1:9092,broker-2:9092",
    "LETTRA_POSTGRES": "postgresql://lettra@db:5432/postgres",
}
SECRET = "s3cr3t"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    """Sets the good environment with some of it changed; None takes a variable away."""

    def set_to(**changes: str | None) -> None:
        for name, value in (GOOD | changes).items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)

    set_to()
    return set_to


def complaint() -> list[str]:
    with pytest.raises(SettingsError) as error:
        ServiceSettings.load()
    return str(error.value).splitlines()


def test_the_environment_is_read(environment):
    environment(LETTRA_HTTP_PORT="8080", LETTRA_LOG_LEVEL="DEBUG")
    settings = ServiceSettings.load()
    assert (settings.kafka, settings.http_port, settings.log_level) == (GOOD["LETTRA_KAFKA"], 8080, "DEBUG")


def test_every_wrong_variable_is_named_at_once(environment):
    """Guard: SettingsError has a line a variable (service/settings.py)."""
    environment(LETTRA_KAFKA=None, LETTRA_HTTP_PORT="80000", LETTRA_LOG_LEVEL="LOUD")
    lines = complaint()
    assert [line.partition(":")[0] for line in lines] == [
        "LETTRA_KAFKA",
        "LETTRA_HTTP_PORT",
        "LETTRA_LOG_LEVEL",
    ]
    assert lines[0] == "LETTRA_KAFKA: is missing (bootstrap servers, host:port[,host:port...])"


@pytest.mark.parametrize(
    "value", ["broker", "broker:", "broker:x", "a:1,", ":9092", "a:1 b:2", "b\xe9:1", "a" * 64 + ":1"]
)
def test_what_is_no_kafka_address_is_refused(environment, value):
    """Guard: check_bootstrap (service/settings.py); readiness check and name resolution would stumble over it."""
    environment(LETTRA_KAFKA=value)
    assert complaint() == [
        "LETTRA_KAFKA: must look like host:port[,host:port...] (bootstrap servers, host:port[,host:port...])"
    ]


@pytest.mark.parametrize("value", ["broker:9092", "[::1]:9092", "a:1,b.example:65535"])
def test_kafka_addresses(environment, value):
    environment(LETTRA_KAFKA=value)
    assert ServiceSettings.load().kafka == value


@pytest.mark.parametrize(
    "dsn",
    [f"mysql://u:{SECRET}@db/x", f"postgresql://u:{SECRET}@db:x/y", f"postgresql://u:{SECRET}/x@db:99999/y"],
)
def test_a_wrong_dsn_is_refused_without_repeating_it(environment, dsn):
    """Guards: _is_dsn, and _line leaves the value out (service/settings.py)."""
    environment(LETTRA_POSTGRES=dsn)
    (line,) = complaint()
    assert line.startswith("LETTRA_POSTGRES: ")
    assert SECRET not in line


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        (f"postgresql://u:{SECRET}@db:5432/p", "postgresql://u:***@db:5432/p"),
        (f"postgresql://u:{SECRET}%40x@db/p", "postgresql://u:***@db/p"),
        (
            f"postgresql://u@db/p?password={SECRET}&sslmode=require",
            "postgresql://u@db/p?password=***&sslmode=require",
        ),
        (
            f"postgresql://u@/p?host=/run/pg&sslpassword={SECRET}",
            "postgresql://u@/p?host=/run/pg&sslpassword=***",
        ),
        (f"postgresql://:{SECRET}@[::1]:5432/p", "postgresql://:***@[::1]:5432/p"),
        ("postgresql://u@db:5432/p", "postgresql://u@db:5432/p"),
    ],
    ids=["before the host", "encoded", "parameter", "socket", "IPv6", "none"],
)
def test_the_password_is_not_printed(environment, dsn, shown):
    """Guard: _without_password (service/settings.py); the rest of the address stays for who looks for an error."""
    environment(LETTRA_POSTGRES=dsn)
    printed = ServiceSettings.load().printable()
    assert printed["postgres"] == shown
    assert SECRET not in str(printed)


def test_each_service_has_a_database_of_its_own(environment):
    environment(LETTRA_POSTGRES=f"postgresql://u:{SECRET}@db:5432/postgres?sslmode=require")
    assert ServiceSettings.load().database("payment-ingest") == (
        f"postgresql://u:{SECRET}@db:5432/lettra_payment_ingest?sslmode=require"
    )
