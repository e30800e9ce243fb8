"""Steps: the pieces of work that an apply or a destroy consists of. Plugins contribute them through `hivemind_steps`.

step.py: what a Step is. milestones.py: the names that steps wait for. run.py: what a plugin is told of the run that it
contributes to. context.py and deployment.py: what a running step can reach. graph.py: runs them side by side.
"""
