"""What the services that make documents share: typesetting, and the code that a banking app reads. Pure."""
