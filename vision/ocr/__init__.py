"""Reading of scanned pages: a port, its Tesseract adapter and the clean-up of page images."""
