"""Words of the field: the glossary and the paraphrases, as data a specialist can edit."""
