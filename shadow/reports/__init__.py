"""Reports: a frozen object first (`report`), then one HTML file, text and pandas frames made of it alone."""
