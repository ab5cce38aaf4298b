"""The demo company: real servers, the services as separate processes, and a company whose truth is known.

`python -m lettra_tools.demo` knows what every payer meant, because it wrote the remittances; what the services made of
them is read from their answers and from Kafka, and compared.
"""
