"""How documents become objects, and what is said of those that can't."""
