# All of the bucket's notifications: a bucket has one configuration, and a second resource would overwrite it.
# The prefixes do not overlap, as S3 demands, and no function may write where it is woken from.

resource "aws_s3_bucket_notification" "data" {
  bucket = aws_s3_bucket.data.id

  dynamic "queue" {
    for_each = flatten([
      for name, f in local.woken : [for wake in f.wakes : { name = name, prefix = wake.prefix, suffix = wake.suffix }]
    ])

    content {
      id            = "${queue.value.name}-${trimsuffix(queue.value.prefix, "/")}"
      queue_arn     = aws_sqs_queue.wake[queue.value.name].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = queue.value.prefix
      filter_suffix = queue.value.suffix
    }
  }

  # S3 tries every queue when it is told of it.
  depends_on = [aws_sqs_queue_policy.wake]
}
