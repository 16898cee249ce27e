"""The model of causes: the port, training, calibration, versions."""
