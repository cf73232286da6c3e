-- How long does it take to send an email after the issue?
-- One row per month: deliveries, how many of them SES accepted, and the whole seconds from queued to
-- accepted (null if none was sent).
WITH timed AS (
    SELECT period, sent_at, date_diff('second', queued_at, sent_at) AS seconds FROM deliveries
)
SELECT
    period,
    count(*) AS deliveries,
    count(sent_at) AS sent,
    min(seconds) AS fastest,
    quantile_disc(seconds, 0.5) AS median,
    quantile_disc(seconds, 0.95) AS slowest_of_95_percent,
    max(seconds) AS slowest
FROM timed
GROUP BY period
ORDER BY period;
