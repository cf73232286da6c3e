"""AWS, one module a service: S3, SQS, SES and its events, CloudWatch's metrics."""
