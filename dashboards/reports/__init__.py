"""What pages of energy and machines draw of their history."""
