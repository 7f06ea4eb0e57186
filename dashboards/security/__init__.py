"""Who asks and what they may: sessions, tokens, permissions, and what guards every request."""
