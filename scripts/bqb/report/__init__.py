"""What a run is shown as: numbers in plain words, tables, figures, files for other tools."""
