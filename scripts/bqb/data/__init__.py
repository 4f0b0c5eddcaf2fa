"""What a run leaves on disk: its files, its rows as typed objects."""
