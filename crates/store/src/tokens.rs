//! Session tokens that were ended before their time.

use model::{Mode, Result, Timestamp, TokenId, Write};

use crate::change::Change;
use crate::row::statements;
use crate::session::Session;

statements! {
    REVOKE = text("INSERT INTO revoked_token (id, until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");
    DELETE_EXPIRED = text("DELETE FROM revoked_token WHERE until < $1");
    PING = text("SELECT seq FROM change_clock WHERE id = 1");
}

impl Session<Write> {
    /// Ends a token that would have lived until `until`.
    pub async fn revoke_token(&mut self, token: TokenId, until: Timestamp) -> Result<()> {
        self.execute(&REVOKE, vec![token.into(), until.into()]).await?;
        self.changed(Change::Token(token, until));
        Ok(())
    }

    pub(crate) async fn delete_expired_tokens(&mut self) -> Result<()> {
        let now = self.env().now();
        self.execute(&DELETE_EXPIRED, vec![now.into()]).await.map(|_| ())
    }
}

impl<M: Mode> Session<M> {
    pub(crate) async fn ping(&mut self) -> Result<()> {
        self.row(&PING, Vec::new()).await.map(|_| ())
    }
}
