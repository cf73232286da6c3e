"""The pure core: months, money, rules, invoices and the balance.  No I/O, no clock, no AWS."""
