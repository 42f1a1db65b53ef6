"""mStock's JSON, both ways."""
