"""Emergency calls: from two voices to text, tags and a card; the same steps for recordings and live calls."""
