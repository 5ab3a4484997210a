"""Servers that stand in for AWS and PostgreSQL on this machine: for tests and for `make run-aws`.

``dynoxide`` speaks DynamoDB, ``ministack`` S3 and IAM, PostgreSQL is itself. All of them listen on
127.0.0.1 alone, on free ports, and end with the process that started them, however that ends.
"""
