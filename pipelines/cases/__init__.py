"""Fire cases: from tables of past fires to checked cases and a calibrated model of causes."""
