"""What every service process shares: settings, roles, HTTP, logs."""
