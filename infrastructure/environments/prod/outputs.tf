output "smelt" {
  description = "Names, addresses and queues; `terraform output -json smelt` for scripts."
  value       = module.smelt
}
