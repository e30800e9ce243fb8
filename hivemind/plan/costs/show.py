"""A plan's cost in words."""

from __future__ import annotations

from hivemind.plan.costs.model import Cost, CostLine


def lines(cost: Cost, region: str) -> list[str]:
    """The cost and, where it changes, the parts that change it. region: that the plan is for."""
    known = f"list prices of {cost.region}, {cost.until[:7]} or older"
    if region not in ("", cost.region):
        known += f"; {region} has others"
    shown = [f"About {_usd(cost.monthly)} a month{_against(cost)}, without what is billed by use ({known})."]
    changed = [one for one in cost.lines if cost.before is None or abs(one.monthly - one.before) >= 0.005]
    amounts = [_amount(one, new=cost.before is None) for one in changed]
    wide = max(map(len, amounts), default=0)
    label = max((len(_name(one)) for one in changed), default=0)
    for one, amount in zip(changed, amounts, strict=True):
        gone = "" if one.monthly else "no more: "
        shown.append(f"  {amount:>{wide}}  {_name(one):<{label}}  {gone}{one.what}")
    if cost.most is not None:
        shown.append(f"  When groups have all their instances: about {_usd(cost.most)}.")
    if cost.in_stage_1 is not None:
        shown.append(f"  With `stage: stage-1` it would be about {_usd(cost.in_stage_1)}.")
    if cost.unpriced:
        shown.append(f"  Of these the price is not known: {', '.join(cost.unpriced)}.")
    if changed and cost.bursting:
        shown.append(f"  {' and '.join(cost.bursting)}: processor time above the baseline is billed on top.")
    return [*shown, *(f"  {proposal}" for proposal in cost.proposals)]


def _against(cost: Cost) -> str:
    if cost.before is None:
        return ""
    difference = round(cost.monthly - cost.before, 2)
    if not difference:
        return ", as now"
    return f", {_usd(abs(difference))} {'more' if difference > 0 else 'less'} than now"


def _amount(line: CostLine, *, new: bool) -> str:
    difference = line.monthly - line.before
    return _usd(line.monthly) if new else f"{'+' if difference > 0 else '-'}{_usd(abs(difference))}"


def _name(line: CostLine) -> str:
    return line.path.rpartition(".")[2]


def _usd(amount: float) -> str:
    return f"${amount:,.2f}"
