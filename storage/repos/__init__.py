"""The repositories, each over one open transaction."""
