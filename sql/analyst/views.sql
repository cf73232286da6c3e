-- The export as views, one per dataset, and the macros that the questions share.
-- First set where the export is, a folder or a bucket:
--     SET VARIABLE exports = 's3://my-export-bucket/exports';
-- Columns, units and meanings: docs/export.md.  Every view also has the column period, as 2026-10.

CREATE OR REPLACE MACRO dataset(name) AS TABLE
SELECT * FROM read_parquet(
    getvariable('exports') || '/' || name || '/*/*.parquet',
    hive_partitioning = true, hive_types = {'period': VARCHAR}, union_by_name = true
);

CREATE OR REPLACE VIEW invoices AS FROM dataset('invoices');
CREATE OR REPLACE VIEW lines AS FROM dataset('lines');
CREATE OR REPLACE VIEW workdays AS FROM dataset('workdays');
CREATE OR REPLACE VIEW rejects AS FROM dataset('rejects');
CREATE OR REPLACE VIEW helds AS FROM dataset('helds');
CREATE OR REPLACE VIEW runs AS FROM dataset('runs');
CREATE OR REPLACE VIEW deliveries AS FROM dataset('deliveries');

-- The newest completed run of each month; shards bill a part of it, corrections one invoice.
CREATE OR REPLACE VIEW newest_runs AS
SELECT * FROM runs WHERE kind = 'month'
QUALIFY row_number() OVER (PARTITION BY period ORDER BY run_id DESC) = 1;

-- The newest delivery of each invoice.
CREATE OR REPLACE VIEW newest_deliveries AS
SELECT * FROM deliveries
QUALIFY row_number() OVER (PARTITION BY number ORDER BY delivery_id DESC) = 1;

-- a / b to four decimals, halves away from zero, in whole numbers: DuckDB divides decimals in floating
-- point.  a and b have at most two decimals; null if b is 0 or null.
CREATE OR REPLACE MACRO hundredths(a) AS CAST(CAST(a AS DECIMAL(18, 2)) * 100 AS HUGEINT);
CREATE OR REPLACE MACRO quotient(a, b) AS CASE WHEN b <> 0 THEN CAST(
    CAST(
        sign(a) * sign(b) * (
            (abs(hundredths(a)) * 20000 + abs(hundredths(b))) // (2 * abs(hundredths(b)))
        ) AS DECIMAL(22, 0)
    ) * CAST(0.0001 AS DECIMAL(4, 4)) AS DECIMAL(18, 4)
) END;
