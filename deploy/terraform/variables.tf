variable "region" {
  type        = string
  description = "The AWS region of the tables and the bucket."
}

variable "name" {
  type        = string
  default     = "leonidas"
  description = "What the names of all that is made here begin with; two installations in one account have two names."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "The name has 2 to 32 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags for everything, beside application = leonidas."
}

# --- tables ---------------------------------------------------------------------------------------

variable "point_in_time_recovery" {
  type        = bool
  default     = true
  description = "Whether the tables can be restored to any second of the last 35 days."
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether AWS refuses to delete the tables. Apply once with false before a destroy."
}

# --- bucket ---------------------------------------------------------------------------------------

variable "bucket" {
  type        = string
  default     = null
  description = "The name of the bucket. Default: name, account and region."
}

variable "bucket_prefix" {
  type        = string
  default     = "leonidas"
  description = "The folder of the bucket in which everything lies."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", var.bucket_prefix)) && length(var.bucket_prefix) <= 100
    error_message = "The prefix has up to 100 letters, digits and ._- in parts separated by slashes, none at its ends."
  }
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether a destroy also deletes the files in the bucket."
}

variable "allowed_origins" {
  type        = list(string)
  default     = []
  description = "Where browsers come from that upload to the bucket directly, as https://jupyter.example.org. Empty: none may; set c.Leonidas.transfer = \"proxy\" then."

  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "An origin is a scheme and a host (and a port), without a path and without *."
  }
}

variable "noncurrent_days" {
  type        = number
  default     = 30
  description = "For how many days the bucket keeps what was deleted or replaced."

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "At least one day."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = null
  description = "A KMS key for the tables and the bucket. Default: keys that AWS owns (SSE-S3 in the bucket), which cost nothing."
}

# --- models ---------------------------------------------------------------------------------------

variable "bedrock_models" {
  type        = list(string)
  default     = []
  description = "What DS Bro may ask on Bedrock: model ids, inference profile ids as eu.anthropic.…, or ARNs. Empty: nothing."
}

# --- who uses it ----------------------------------------------------------------------------------

variable "role_trust" {
  type        = string
  default     = "none"
  description = "Who takes the role of the service: ec2 (an instance profile is made too), irsa (service accounts of an EKS cluster), principals, or none (attach the policy yourself)."

  validation {
    condition     = contains(["none", "ec2", "irsa", "principals"], var.role_trust)
    error_message = "One of none, ec2, irsa, principals."
  }
}

variable "irsa" {
  type = object({
    oidc_provider_arn = string
    service_accounts  = list(string)
  })
  default     = null
  description = "For role_trust = irsa: the cluster's OIDC provider, and its service accounts as namespace:name."

  validation {
    condition     = var.irsa == null || try(length(var.irsa.service_accounts) > 0 && alltrue([for each in var.irsa.service_accounts : can(regex("^[a-z0-9.-]+:[a-z0-9.-]+$", each))]), false)
    error_message = "At least one service account, each as namespace:name, without *."
  }
}

variable "principals" {
  type        = list(string)
  default     = []
  description = "For role_trust = principals: ARNs of the roles or users that may take the role."
}
