"""Commands for what goes on by itself after one Confirm: lists of exits, baskets, trails, standing stops."""
