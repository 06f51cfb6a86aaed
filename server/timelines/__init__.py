"""A card's way to its phones and to Google: read as steps, and judged."""
