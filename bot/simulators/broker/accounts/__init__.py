"""The paper broker's accounts: records, ledger, portfolio, margin and sessions."""
