"""The flow, stage by stage. Read this first.

load      path                         -> Source
validate  Source, schema parts         -> Blueprint | Findings
resolve   Blueprint, repository        -> Blueprint
assemble  Blueprint, fragments         -> Assembly
lint      Assembly                     -> Findings      so far `check`, in `flow/checking.py`
plan      Assembly, Snapshot           -> Plan          `planned`, in `flow/planning.py`
apply     Plan                         -> Revision      in `flow/apply.py`
verify    Release, checks              -> Verdict       in `flow/deployed.py`
"""

from __future__ import annotations

from hivemind.flow.checking import Checked, assembled, check, placed
from hivemind.flow.planning import planned

__all__ = ["Checked", "assembled", "check", "placed", "planned"]
