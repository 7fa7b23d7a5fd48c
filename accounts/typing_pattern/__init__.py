"""How somebody types a sentence, as a help in verifying a login (LOG_03, LOG_04, LOG_11, LOG_12, LOG_13; ADR 0027).

Pure: no Django, no clock, no storage. `samples` reads what the browser captured, `liveness` refuses what no person typed,
`verifier` enrols, scores and learns, `template` is what is kept of a person.
"""
