"""Who is reminded of what, when, and why not (relances). Not yet a service: see the README."""
