"""Deployer: installs artifacts on instances and brings them behind the load balancer.

It implements no hook; the conductor calls its functions. environment.py: what the application finds in its
environment. secret_values.py: reads secrets. targets.py: registration and health. health_path.py: which path to
probe. rollout.py: the order over instances.
"""
