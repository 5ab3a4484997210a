"""List prices of AWS in us-east-1, in US dollars, without any free tier or discount.

DynamoDB: "Amazon DynamoDB pricing for on-demand capacity" (aws.amazon.com/dynamodb/pricing/
on-demand), standard tables, since the cut of 1 November 2024. S3: "Amazon S3 pricing"
(aws.amazon.com/s3/pricing), S3 Standard, its first 50 TB, as of 2025.
"""

from bench.metering import Counted

MILLION = 1_000_000
READ_UNIT = 0.125 / MILLION
WRITE_UNIT = 0.625 / MILLION
S3_PUT = 0.005 / 1_000
"""Of PUT, COPY, POST and LIST, and so of each part."""

S3_GET = 0.0004 / 1_000
S3_GB_MONTH = 0.023
DYNAMODB_GB_MONTH = 0.25


def dollars(found: Counted) -> float:
    """What some calls cost."""
    return (
        found.read_units * READ_UNIT
        + found.write_units * WRITE_UNIT
        + found.puts * S3_PUT
        + found.gets * S3_GET
    )
