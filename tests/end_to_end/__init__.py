"""The program as a person meets it: in a pseudo-terminal, against a service that speaks the documented contract."""
