//! The SNS topic that alerts are published to.

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{DisplayErrorContext, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use smelt_domain::Alert;
use smelt_stages::{NotTold, Notifier, message_text, subject_line};

/// A topic.
#[derive(Debug)]
pub(crate) struct Topic {
    client: Client,
    arn: String,
    link: Option<String>,
}

impl Topic {
    /// The topic of this name; nothing is asked yet. `link` stands at the end of messages.
    pub(crate) async fn open(arn: String, link: Option<String>) -> Self {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Self { client: Client::new(&config), arn, link }
    }

    /// A FIFO topic leaves out what it was told within the last five minutes.
    fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }
}

#[async_trait]
impl Notifier for Topic {
    async fn tell(&self, alert: &Alert) -> Result<(), NotTold> {
        let id = alert.alert_id.as_str();
        let mut publish = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(subject_line(&alert.subject))
            .message(message_text(alert, self.link.as_deref()));
        for (name, value) in [
            ("alert_id", id),
            ("severity", alert.severity.as_str()),
            ("dataset", alert.dataset.as_str()),
            ("kind", alert.kind.as_str()),
        ] {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            let value = value
                .build()
                .map_err(|error| NotTold { reason: error.to_string(), retryable: false })?;
            publish = publish.message_attributes(name, value);
        }
        if self.is_fifo() {
            publish = publish.message_group_id(alert.dataset.as_str()).message_deduplication_id(id);
        }
        match publish.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(NotTold {
                retryable: is_passing(&error),
                reason: DisplayErrorContext(&error).to_string(),
            }),
        }
    }
}

/// Whether the same message may be taken later. The client has tried it some times by then.
fn is_passing(error: &SdkError<PublishError>) -> bool {
    match error {
        SdkError::ServiceError(answer) => {
            let (status, code) = (answer.raw().status().as_u16(), answer.err().meta().code());
            status == 429 || status >= 500 || code.is_some_and(|code| code.starts_with("Throttl"))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}
