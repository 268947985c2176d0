"""A stand-in for AWS in tests: moto's API, with Fargate tasks that are real processes.

moto keeps clusters, task definitions, networks, roles and buckets. It
never runs a container, so this package answers the calls about tasks itself
(ecs.py), runs them (tasks.py), makes them fail as AWS does (faults.py), keeps
quotas (quotas.py), makes stacks (formation) and notes every call (record.py).
Read server.py first.
"""
