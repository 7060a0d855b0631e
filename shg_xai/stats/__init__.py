"""Statistics: arrays in, arrays out; knows no store, no network and no report."""
