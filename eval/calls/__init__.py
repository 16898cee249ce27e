"""`qorgan eval calls`: transcription, tags, cards, live lag, sounds and distress, each beside a baseline."""
