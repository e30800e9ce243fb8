"""Deployer: installs artifacts on instances and brings them behind the load balancer.

The conductor calls its functions; hooks.py finds beforehand what it could not do. environment.py: what the application
finds in its environment. bindings.py: what of that comes from resources. secret_values.py: reads secrets. targets.py:
registration and health. health_path.py: which path to probe. rollout.py: the order over instances.
"""

from hivemind.agents.deployer.hooks import hivemind_lint

__all__ = ["hivemind_lint"]
