"""mStock Type B on the wire, played by a broker of our own: REST, socket, books that last, and bad manners by name."""
