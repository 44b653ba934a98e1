variable "datasets_dir" {
  description = "Folder with one folder per dataset, each with a dataset.yaml."
  type        = string

  validation {
    condition     = length(fileset(var.datasets_dir, "*/dataset.yaml")) > 0
    error_message = "There is no */dataset.yaml in datasets_dir."
  }
}
