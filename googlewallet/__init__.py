"""Google Wallet as a library of its own: content, save links, callbacks, REST calls."""
