-- Which contractors are held, and what is missing?
-- One row per month and contractor held by the month's newest run: the reason, and the number of
-- months so far, including this one, with the same reason.
SELECT
    period,
    employee,
    reason,
    detail,
    count(*) OVER (PARTITION BY employee, reason ORDER BY period) AS months_so_far
FROM helds
ORDER BY period, employee;
