-- What did each project cost, month by month?
-- One row per month, currency and project: hours, and the amount before tax.
-- Credit notes are deducted in the month they are booked in.
SELECT
    period,
    currency,
    project,
    max_by(project_name, number) AS project_name,
    sum(hours) AS hours,
    sum(amount) AS amount
FROM lines
GROUP BY period, currency, project
ORDER BY period, currency, project;
