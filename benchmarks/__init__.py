"""Speed, always beside something known that runs in the same minute on the same machine."""
