-- Which rules do recorded workdays break?
-- One row per month and rule, of the month's newest run: workdays, contractors, and hours as
-- recorded (they may be negative or absurd: that is why they are rejected).  What nobody puts right
-- before its month is closed is rejected again, and counted again, in the next.
SELECT
    period,
    rule,
    count(*) AS workdays,
    count(DISTINCT employee) AS contractors,
    sum(hours) AS hours
FROM rejects
GROUP BY period, rule
ORDER BY period, rule;
