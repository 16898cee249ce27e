"""Finding clauses: analysis of words, lexical and dense arms, fusion, ranking, direct look-up."""
