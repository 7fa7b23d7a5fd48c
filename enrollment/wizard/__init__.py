"""The application's steps as declared data: sections, lists of cards, and what is still to be answered."""
