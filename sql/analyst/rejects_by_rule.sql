-- Which rules do recorded workdays break?
-- One row per month and rule, for the month's newest run: workdays, contractors, and hours as recorded
-- (which may be negative or far too many).  Workdays that nobody corrects before their month is closed
-- are rejected, and counted, again in the next month.
SELECT
    period,
    rule,
    count(*) AS workdays,
    count(DISTINCT employee) AS contractors,
    sum(hours) AS hours
FROM rejects
GROUP BY period, rule
ORDER BY period, rule;
