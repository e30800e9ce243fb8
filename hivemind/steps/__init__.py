"""Steps: the pieces of work that an apply or a destroy consists of. Plugins contribute them through `hivemind_steps`.

step.py: what a Step is, and what it reaches while it runs. milestones.py: the names that steps wait for. run.py: what a
plugin is told of the run that it contributes to. deployment.py: what a step works on. graph.py: runs them.
"""
