"""Pure rules about members and policies: standard library only, no clock, no database (docs/rules.md lists them)."""
