"""The proposal as a document: what it says, and the PDF made of it (QUO_08, ADR 0020)."""
