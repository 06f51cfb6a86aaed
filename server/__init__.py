"""Apple Wallet passes as a library of its own."""
