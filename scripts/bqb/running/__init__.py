"""Builds programs, runs them and follows what they write; keeps runs in the repository."""
