"""From a request to a question: the draft, its checks, its charges, and what a person changes on it."""
