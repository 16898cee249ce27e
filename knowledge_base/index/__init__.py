"""The clause index: where vectors of clauses are kept and searched, behind one port.

`port` says what search and loading need; `edge` (in process, the default) and `client` (a Qdrant server or
cluster) serve it; `factory.open_index` chooses by the settings.
"""
