"""Stand-ins for Apple's push service and for phones, so that everything can be seen without them.

A process of its own: `python -m server.sandbox`. Nothing of the service imports it; tests do.
"""
