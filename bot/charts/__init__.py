"""Pictures: values in, PNG out, drawn in a process of its own (`worker.py`)."""
