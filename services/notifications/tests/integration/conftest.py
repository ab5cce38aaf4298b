"""Tests here talk to real SMTP and HTTP servers on loopback, inside the test's process."""
