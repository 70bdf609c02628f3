"""The network door: the one way in which a replay's HTTP gets out, and the place where most of it ends.

`shadow.doors.network.gateway` runs on asyncio, `shadow.doors.network.hosting` in a thread of its own.
"""
