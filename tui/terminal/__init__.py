"""The terminal and what lies between it and us. Knows no Textual."""
