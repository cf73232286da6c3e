"""What each Lambda does: bill the month, render an invoice, email an invoice."""
