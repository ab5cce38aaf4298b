"""How a payer's name arrives: as registered, or as a bank, a bookkeeper or a form with few boxes writes it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from lettra_tools.matchbench import codes, words
from lettra_tools.matchbench.world import Customer

Way = Callable[[Random, Customer], str]


def name(random: Random, customer: Customer) -> str:
    """Any way of writing it; the invented root stays, whole as a rule."""
    ways = (registered, shouted, without_form, abbreviated, reordered, cut, with_department)
    way = random.choices(ways, (40, 20, 12, 10, 6, 5, 7))[0]
    return way(random, customer)


def clear_name(random: Random, customer: Customer) -> str:
    """A way in which nobody doubts who is meant."""
    return random.choice((registered, shouted, without_form))(random, customer)


def registered(random: Random, customer: Customer) -> str:
    del random
    return customer.name


def shouted(random: Random, customer: Customer) -> str:
    del random
    return plain(customer.name).upper()


def without_form(random: Random, customer: Customer) -> str:
    """Menuiserie Barvolin, without SARL."""
    del random
    kept = [word for word in customer.name.split() if word.upper() not in words.LEGAL_FORMS]
    return " ".join(kept)


def abbreviated(random: Random, customer: Customer) -> str:
    """ETS BARVOLIN, STE NVELLE DE TRSP BARVOLIN."""
    text = " ".join(words.ABBREVIATIONS.get(word, word) for word in customer.name.split())
    return plain(text).upper() if text != customer.name else without_form(random, customer).upper()


def reordered(random: Random, customer: Customer) -> str:
    """BARVOLIN MENUISERIE SARL."""
    others = [word for word in customer.name.split() if word not in customer.root.split()]
    random.shuffle(others)
    return " ".join([customer.root, *others]).upper()


def cut(random: Random, customer: Customer) -> str:
    """As many letters as the field has; never fewer than three of the root."""
    end = customer.name.index(customer.root) + max(3, len(customer.root) - 1)
    length = max(end, random.choice((18, 20, 24, 27)))
    return customer.name[:length].rstrip()


def with_department(random: Random, customer: Customer) -> str:
    """Who in the company pays, and from where."""
    tail = random.choice(
        ("CPTE FOURNISSEURS", "SERVICE COMPTABILITE", "- TRESORERIE", "75008 PARIS", "SIEGE")
    )
    return f"{customer.name} {tail}"


def stranger(random: Random) -> str:
    """Somebody who is nobody's customer; his name is not built like theirs."""
    first = random.choice(("Xy", "Zwi", "Kne", "Ptol", "Mnes", "Gwyn", "Szo", "Tchu"))
    last = random.choice(("bloh", "ffrin", "gghart", "kwith", "zzeldo", "mpsy", "xtrum"))
    return f"{first}{last} {random.choice(('SAS', 'Ltd', 'GmbH', 'SARL', '& Cie'))}"


def account(random: Random) -> str:
    """An account that nobody knows."""
    return codes.iban(random.choice(("FR", "FR", "DE", "BE", "IT")), random)


def plain(text: str) -> str:
    """Without accents."""
    parts = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(char for char in parts if not unicodedata.combining(char))
