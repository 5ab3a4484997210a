locals {
  # With a key of one's own the bucket's default is to use it; saying so lets S3 refuse anything else.
  encryption = var.kms_key_arn == null ? "" : "&sse=aws:kms&kms_key_id=${urlencode(coalesce(var.kms_key_arn, "none"))}"

  database_url = "dynamodb://${var.region}/${var.name}"
  storage_url  = "s3://${aws_s3_bucket.files.bucket}/${var.bucket_prefix}?region=${var.region}${local.encryption}"
  model        = length(var.bedrock_models) > 0 ? "bedrock:${var.bedrock_models[0]}" : "builtin"
}

output "settings" {
  description = "For jupyter_server_config.py, or jupyterhub_config.py."
  value       = <<-EOT
    c.Leonidas.database_url = "${local.database_url}"
    c.Leonidas.storage_url = "${local.storage_url}"
    c.Leonidas.model = "${local.model}"
    c.Leonidas.model_region = "${var.region}"
  EOT
}

output "environment" {
  description = "The same as environment variables."
  value       = <<-EOT
    LEONIDAS_DATABASE_URL=${local.database_url}
    LEONIDAS_STORAGE_URL=${local.storage_url}
    LEONIDAS_MODEL=${local.model}
    LEONIDAS_MODEL_REGION=${var.region}
  EOT
}

output "database_url" {
  value = local.database_url
}

output "storage_url" {
  value = local.storage_url
}

output "bucket" {
  value = aws_s3_bucket.files.bucket
}

output "policy_arn" {
  description = "The policy of the service; with role_trust = none attach it to whoever runs it."
  value       = aws_iam_policy.service.arn
}

output "role_arn" {
  value = one(aws_iam_role.service[*].arn)
}

output "instance_profile" {
  value = one(aws_iam_instance_profile.service[*].name)
}
