"""The demo's world: questions, answers of mixed quality, and the people who judge them.

Pure Python: neither Django nor torch is imported here. The labelers' preference lives in
`preference`; training never sees it, only the rankings that simulated labelers submit.
"""
