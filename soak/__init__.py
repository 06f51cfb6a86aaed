"""Long trials of the whole service: it is killed and stormed upon, and must lose nothing."""
