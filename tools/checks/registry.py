"""Make uv use the package registry that pip is set up for, by its files or by PIP_* variables.

pip is set up wherever a company has its own mirror, proxy and certificates; uv has other names for these.
"""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path


def parse(listing: str) -> dict[str, str]:
    """The settings in what `pip config list` prints; those of the environment win over those of files."""
    settings: dict[str, str] = {}
    ranked = sorted(listing.splitlines(), key=lambda line: line.startswith(":env:"))
    for line in ranked:
        name, separator, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if separator and section in {"global", "install", ":env:"}:
            settings[key] = str(ast.literal_eval(value))
    return settings


def translate(pip: dict[str, str]) -> dict[str, str]:
    """The same settings under the names that uv reads."""
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "default-timeout": "UV_HTTP_TIMEOUT"}
    names |= {"timeout": "UV_HTTP_TIMEOUT", "proxy": "ALL_PROXY", "trusted-host": "UV_INSECURE_HOST"}
    names |= {"extra-index-url": "UV_INDEX", "client-cert": "SSL_CLIENT_CERT"}
    found = {names[key]: " ".join(value.split()) for key, value in pip.items() if key in names}
    if "find-links" in pip:
        found["UV_FIND_LINKS"] = ",".join(pip["find-links"].split())
    if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        found["UV_NO_INDEX"] = "1"
    return found


def registry_settings(python: Path) -> dict[str, str]:
    """What to add to uv's environment; what the user set for uv itself stays."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return {name: value for name, value in translate(parse(listing)).items() if name not in os.environ}
