output "state_bucket" {
  description = "Bucket of the states; STATE_BUCKET of the GitHub environments."
  value       = aws_s3_bucket.state.bucket
}

output "deploy_roles" {
  description = "Roles of the workflows; DEPLOY_ROLE of the GitHub environments."
  value       = { for environment, role in aws_iam_role.deploy : environment => role.arn }
}

output "permissions_boundary_arn" {
  description = "Boundary of the environments' roles; permissions_boundary_arn in their terraform.tfvars."
  value       = aws_iam_policy.boundary.arn
}
