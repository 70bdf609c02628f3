"""One file a comparator; every module here is found by being here.

A comparator is a plain function of two values, the control's and the candidate's. It answers None
where both are the same and one short sentence where they differ; ValueError means that the two
cannot be compared.
"""
