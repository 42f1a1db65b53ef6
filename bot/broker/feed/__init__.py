"""mStock's socket."""
