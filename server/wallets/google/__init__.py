"""Google Wallet: what it is told of a card, when, and what becomes of it."""
