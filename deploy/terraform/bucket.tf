locals {
  bucket = coalesce(var.bucket, "${var.name}-${local.account}-${var.region}")
}

resource "aws_s3_bucket" "files" {
  bucket        = local.bucket
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket = aws_s3_bucket.files.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  # What was PUT and never confirmed: a signed URL is good for hours.
  rule {
    id     = "never-confirmed-uploads"
    status = "Enabled"

    filter {
      prefix = "${var.bucket_prefix}/uploads/"
    }

    expiration {
      days = 2
    }
  }

  # An upload in parts can be taken up again for seven days.
  rule {
    id     = "unfinished-parts"
    status = "Enabled"

    filter {
      prefix = "${var.bucket_prefix}/"
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 8
    }
  }

  rule {
    id     = "deleted-and-replaced"
    status = "Enabled"

    filter {
      prefix = "${var.bucket_prefix}/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  # Noncurrent versions can expire only in a bucket that has versions.
  depends_on = [aws_s3_bucket_versioning.files]
}

# The sidebar uploads and downloads from the browser by signed URLs; kernels need none of this.
resource "aws_s3_bucket_cors_configuration" "files" {
  count = length(var.allowed_origins) > 0 ? 1 : 0

  bucket = aws_s3_bucket.files.id

  cors_rule {
    id              = "leonidas"
    allowed_origins = var.allowed_origins
    allowed_methods = ["GET", "HEAD", "PUT"]
    allowed_headers = ["*"]
    expose_headers  = ["Content-Disposition", "Content-Length", "Content-Range", "ETag", "x-amz-checksum-sha256"]
    max_age_seconds = 3600
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "OnlyOverTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.files.arn, "${aws_s3_bucket.files.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id
  policy = data.aws_iam_policy_document.bucket.json

  # Both change the bucket's policy status; AWS refuses them at the same time.
  depends_on = [aws_s3_bucket_public_access_block.files]
}
