"""The local cloud: PostgreSQL, the AWS services and a mailbox, all kept in one folder."""
