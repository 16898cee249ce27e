"""The one API: routers by capability, web pages, the command line, and the composition root."""
