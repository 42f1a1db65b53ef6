"""The broker's file of instruments: fetched, decoded, kept, and looked up."""
