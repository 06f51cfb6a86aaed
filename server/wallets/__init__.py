"""The only translators of a card into a wallet's own words, and of a change into its push."""
