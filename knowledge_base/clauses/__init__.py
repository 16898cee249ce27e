"""Acts become clauses: a source document is cut into the tree of its articles, clauses, tables and notes.

`parse` does it; `find_references` and `find_act_designators` read references to clauses and acts in running text.
"""

from knowledge_base.clauses.designators import ActDesignator, find_act_designators
from knowledge_base.clauses.labels import label, label_of_steps, visible_steps
from knowledge_base.clauses.metadata import Sidecar
from knowledge_base.clauses.parse import ParsedAct, parse
from knowledge_base.clauses.references import Reference, find_references, parse_path
from knowledge_base.clauses.report import LoadReport, Loss

__all__ = [
    "ActDesignator",
    "LoadReport",
    "Loss",
    "ParsedAct",
    "Reference",
    "Sidecar",
    "find_act_designators",
    "find_references",
    "label",
    "label_of_steps",
    "parse",
    "parse_path",
    "visible_steps",
]
