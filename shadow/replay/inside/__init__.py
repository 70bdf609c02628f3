"""What runs on the candidate's side: the process that imports it, the cases forked from that, and the guard above them.

Nothing here is trusted once a candidate's code has run beside it, and nothing here knows of the host's side.
"""
