"""The web pages: server-rendered templates, a little JavaScript, no build step, nothing from elsewhere."""
