"""Publishing to Kafka and consuming from it."""
