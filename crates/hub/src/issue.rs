//! Tokens and codes that are handed out; only their hashes are stored.

use serde_json::Value;
use tongshi_model::Error;
use tongshi_store::{Workspace, tokens::NewToken};

use crate::{
    Hub,
    workforce::{later, token_hash},
};

impl Hub {
    /// Makes a token for a purpose, outside of any app.
    pub async fn issue_token(
        &self,
        workspace: &Workspace,
        purpose: &'static str,
        payload: &Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        self.issue_token_for(workspace, (None, "admin"), purpose, payload, lifetime_seconds).await
    }

    /// Makes a code of a kind that one of the dialects knows, to be handed to somebody.
    pub async fn issue_code(
        &self,
        workspace: &Workspace,
        purpose: &str,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        let mut kinds = self.dialects().iter().flat_map(|dialect| dialect.codes);
        let Some(kind) = kinds.find(|kind| kind.purpose == purpose) else {
            let known = self.dialects().iter().flat_map(|dialect| dialect.codes).map(|kind| kind.purpose);
            let known: Vec<&str> = known.collect();
            let text = format!("there is no kind of code '{purpose}'; there are: {}", known.join(", "));
            return Err(Error::not_found(text));
        };
        let lifetime = lifetime_seconds.unwrap_or(kind.lifetime_seconds);
        self.issue_token(workspace, kind.purpose, &Value::Null, Some(lifetime)).await
    }

    /// Makes a token on somebody's behalf.
    pub(crate) async fn issue_token_for(
        &self,
        workspace: &Workspace,
        (app, actor): (Option<i64>, &str),
        purpose: &'static str,
        payload: &Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        let token = self.token();
        let new = NewToken {
            workspace: workspace.no,
            purpose: purpose.to_owned(),
            hash: token_hash(&token),
            app,
            payload: payload.clone(),
            expires_at: lifetime_seconds.map(|seconds| later(self.clock().now(), seconds)),
        };
        self.keep_token(workspace, new, actor).await?;
        Ok(token)
    }
}
