"""CloudFormation: stacks are made, changed and deleted by calls of the services' own API.

moto's own forgets route tables, gateways and more when it deletes a stack, and
knows neither secrets nor what a changed property means. Here each resource is
made with the API of its service, whose client checks every property; functions
behind custom resources run for real. Read engine.py first, then kinds.py.
"""

from .engine import Engine
from .inventory import inventory

__all__ = ["Engine", "inventory"]
