"""Live calls over a WebSocket; docs/live-calls.md is the protocol."""
