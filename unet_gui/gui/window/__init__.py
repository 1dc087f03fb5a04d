"""The window's inner workings: where its parts are, what its actions do, what it remembers."""
