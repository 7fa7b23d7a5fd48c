"""The 834 (005010X220A1) by which the carrier's member system is told of changes, and its TA1 and 999 answers (ADR 0015).

``characters``, ``segments``, ``transactions``, ``envelope``, ``checks`` and ``acknowledgements`` are pure: no database, no
clock, no settings. ``reading`` makes their input out of the portal's rows; ``answering`` brings answers to the rows;
``folders`` is where the files lie.
"""
