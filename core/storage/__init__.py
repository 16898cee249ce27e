"""Records: the database, its tables and migrations, and the repositories. All SQL of the service stands here."""
