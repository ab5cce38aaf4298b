"""Payment-ingest's read models, one module each; rebuildable from the topics alone."""
