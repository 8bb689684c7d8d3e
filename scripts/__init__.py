"""What is run by hand: see the Makefile."""
