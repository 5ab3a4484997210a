# What the service may do: its tables and their indexes, its folder of the bucket, the models listed.
# It can neither make nor delete tables and buckets, nor change their settings.

locals {
  table_arns = [for table in aws_dynamodb_table.this : table.arn]

  # An inference profile's id begins with where its requests may go, which is its models' regions.
  profiles = [for model in var.bedrock_models : model if can(regex("^(us|us-gov|eu|apac|au|ca|jp|global)\\.", model))]
  plain    = [for model in var.bedrock_models : model if !startswith(model, "arn:") && !contains(local.profiles, model)]

  bedrock_arns = concat(
    [for model in var.bedrock_models : model if startswith(model, "arn:")],
    [for model in local.plain : "arn:${local.partition}:bedrock:${var.region}::foundation-model/${model}"],
    [for model in local.profiles : "arn:${local.partition}:bedrock:${var.region}:${local.account}:inference-profile/${model}"],
    [for model in local.profiles : "arn:${local.partition}:bedrock:*::foundation-model/${join(".", slice(split(".", model), 1, length(split(".", model))))}"],
  )
}

data "aws_iam_policy_document" "service" {
  statement {
    sid = "Items"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:Scan",
      "dynamodb:UpdateItem",
    ]
    resources = concat(local.table_arns, [for arn in local.table_arns : "${arn}/index/*"])
  }

  statement {
    sid = "WhetherTheTablesAreRight"
    actions = [
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeTable",
      "dynamodb:DescribeTimeToLive",
    ]
    resources = local.table_arns
  }

  statement {
    sid = "Files"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:GetObject",
      "s3:GetObjectVersion",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = ["${aws_s3_bucket.files.arn}/${var.bucket_prefix}/*"]
  }

  # Without a condition on the prefix: S3 answers 403 in place of 404 to who may not list the bucket,
  # and a request for one object names no prefix.
  statement {
    sid = "TheBucketItself"
    actions = [
      "s3:GetBucketCORS",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:ListBucketVersions",
    ]
    resources = [aws_s3_bucket.files.arn]
  }

  dynamic "statement" {
    for_each = length(local.bedrock_arns) > 0 ? [local.bedrock_arns] : []

    content {
      sid       = "Models"
      actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${var.region}.amazonaws.com", "s3.${var.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_policy" "service" {
  name        = "${var.name}-service"
  description = "What Leonidas needs: its tables, its files, its models."
  policy      = data.aws_iam_policy_document.service.json
}

locals {
  oidc_issuer = var.irsa == null ? "" : split("oidc-provider/", var.irsa.oidc_provider_arn)[1]
}

data "aws_iam_policy_document" "trust" {
  count = var.role_trust == "none" ? 0 : 1

  statement {
    actions = [var.role_trust == "irsa" ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRole"]

    principals {
      type = { ec2 = "Service", irsa = "Federated", principals = "AWS" }[var.role_trust]
      identifiers = {
        ec2        = ["ec2.amazonaws.com"]
        irsa       = var.irsa == null ? [] : [var.irsa.oidc_provider_arn]
        principals = var.principals
      }[var.role_trust]
    }

    dynamic "condition" {
      for_each = var.role_trust == "irsa" ? var.irsa[*] : []

      content {
        test     = "StringEquals"
        variable = "${local.oidc_issuer}:sub"
        values   = [for account in condition.value.service_accounts : "system:serviceaccount:${account}"]
      }
    }

    dynamic "condition" {
      for_each = var.role_trust == "irsa" ? [1] : []

      content {
        test     = "StringEquals"
        variable = "${local.oidc_issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role" "service" {
  count = var.role_trust == "none" ? 0 : 1

  name               = "${var.name}-service"
  assume_role_policy = data.aws_iam_policy_document.trust[0].json

  lifecycle {
    precondition {
      condition     = var.role_trust != "irsa" || var.irsa != null
      error_message = "role_trust = \"irsa\" needs the variable irsa."
    }
    precondition {
      condition     = var.role_trust != "principals" || length(var.principals) > 0
      error_message = "role_trust = \"principals\" needs the variable principals."
    }
  }
}

resource "aws_iam_role_policy_attachment" "service" {
  count = var.role_trust == "none" ? 0 : 1

  role       = aws_iam_role.service[0].name
  policy_arn = aws_iam_policy.service.arn
}

resource "aws_iam_instance_profile" "service" {
  count = var.role_trust == "ec2" ? 1 : 0

  name = "${var.name}-service"
  role = aws_iam_role.service[0].name
}
