"""The stand-in for Google Wallet, and what Google's side draws of a card."""
