"""Virtual Android phones."""
