"""What everything stands on: settings, errors, records, storage, jobs, models, security, telemetry."""
