"""What `manage.py load_demo` fills an empty portal with: invented people, households and policies that look real.

Nobody in here exists. Surnames follow the 1990 census frequencies, towns and ZIP codes are real, streets and people
are made up; phone numbers use the unassigned 555 exchange, email addresses the example domains, and social security
numbers an area that is never issued (``numbers.NEVER_ISSUED_AREA``). Everything follows from a seed and a day, so two
loads with the same seed on the same day are equal but for encrypted values and password hashes.

``cases`` holds the households worth knowing by account number, ``books`` who sells for whom and how much.
"""
