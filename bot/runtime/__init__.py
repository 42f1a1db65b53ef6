"""What the process runs on: scheduler, logs, redaction, background tasks, hardening, network."""
