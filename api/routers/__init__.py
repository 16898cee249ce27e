"""Routers by capability. Each route names its permission by `api.access.Needs`."""
