//! Where uploads are sent: to the bucket, by addresses that are signed for one file each.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::presigning::PresigningConfig;
use chrono::Utc;
use smelt_runtime::LakeAddress;
use smelt_web::{PortError, UploadGate, UploadRequest, UploadTarget};

/// A header that browsers set by themselves, and let no page set.
const CONTENT_LENGTH: &str = "content-length";

/// Signs addresses of the lake's bucket.
#[derive(Debug)]
pub struct PresignedUploads {
    client: Client,
    address: LakeAddress,
}

impl PresignedUploads {
    /// Of the bucket at this address. Nothing is asked: an address is signed without the store.
    pub fn of(address: &LakeAddress, config: &SdkConfig) -> Self {
        Self { client: Client::new(config), address: address.clone() }
    }
}

#[async_trait]
impl UploadGate for PresignedUploads {
    /// The address takes a file of this size and this type, once: any other is refused by the store.
    async fn open(&self, upload: &UploadRequest) -> Result<UploadTarget, PortError> {
        let failed = |reason: String| PortError::Failed { what: "signing an address", reason };
        let Some((bucket, key)) = self.address.in_bucket(&upload.key) else {
            let detail = "the lake is in no bucket; `smelt serve` takes uploads into a folder";
            return Err(PortError::Refused(detail.to_owned()));
        };
        let bytes = i64::try_from(upload.bytes).map_err(|error| failed(error.to_string()))?;
        let valid = (upload.expires_at - Utc::now()).to_std();
        let valid = valid.map_err(|error| failed(error.to_string()))?;
        let valid =
            PresigningConfig::expires_in(valid).map_err(|error| failed(error.to_string()))?;
        let signed = self
            .client
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_length(bytes)
            .content_type(&upload.content_type)
            .if_none_match("*")
            .presigned(valid)
            .await
            .map_err(|error| failed(DisplayErrorContext(&error).to_string()))?;
        let headers: BTreeMap<String, String> = signed
            .headers()
            .filter(|(name, _)| !name.eq_ignore_ascii_case(CONTENT_LENGTH))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Ok(UploadTarget { method: "PUT", url: signed.uri().to_owned(), headers })
    }
}
