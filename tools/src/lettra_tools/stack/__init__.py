"""The local stack: PostgreSQL, Kafka and the services on one machine, without containers.

Everything listens on the loopback interface and lives in one folder that can be deleted. Nothing outlives its
owner.
"""

from lettra_tools.stack.local import LocalServers
from lettra_tools.stack.model import Report, Servers, StackError

__all__ = ["LocalServers", "Report", "Servers", "StackError"]
