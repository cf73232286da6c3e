-- Whom do we not pay at the moment, and what is missing?
-- One row per month and contractor held by the month's newest run, with the reason, and in how many
-- months so far, this one included, it was the same.
SELECT
    period,
    employee,
    reason,
    detail,
    count(*) OVER (PARTITION BY employee, reason ORDER BY period) AS months_so_far
FROM helds
ORDER BY period, employee;
