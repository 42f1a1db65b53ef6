"""Every kind of notice as a message, and the cards of morning and afternoon."""
