"""`make fuzz`: hostile inputs for everything that opens, judges or writes a pass."""
