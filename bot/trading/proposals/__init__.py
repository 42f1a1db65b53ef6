"""From a request to a question: the draft, what it costs, and what a person changes on it."""
