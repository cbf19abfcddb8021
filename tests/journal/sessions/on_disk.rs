//! Sessions in the file: unreadable rows, and journals of earlier gateways.

use super::*;

#[tokio::test]
async fn an_unreadable_session_is_an_error_and_no_damage() {
    let wrong = [
        "revision = 0",
        "revision = 'one'",
        "tag = x'ff'",
        "account = 'No account'",
        "sealed = 7",
        "user_id = 'user'",
        "authorised_at = 9223372036854775807",
        "expires_at = 'never'",
        "expiry = 'guessed'",
        "refreshable_until = -9223372036854775808",
    ];
    for set in wrong {
        let dir = tempfile::tempdir().unwrap();
        let journal = open(dir.path()).await;
        let stored = put(&journal, &authorised("default", 0)).await;
        let mut other = connect(dir.path()).await;
        let sql = format!("UPDATE sessions SET {set}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut other)
            .await
            .unwrap();
        let new = match set.starts_with("account") {
            true => with_user(session("other"), FIRST_USER),
            false => stored,
        };
        let error = journal.save_session(new).await.unwrap_err();
        assert_eq!(error.fault, Fault::Unavailable, "{set}: {error}");
        let error = journal.sessions().await.unwrap_err();
        assert_eq!(error.fault, Fault::Unavailable, "{set}: {error}");
        assert!(error.what.contains("session of the account"), "{error}");
        journal.probe().await.unwrap();
    }
}

/// The columns and indexes of the sessions.
async fn layout(dir: &Path) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', cid, name, type, \"notnull\", dflt_value, pk) FROM pragma_table_info('sessions') \
         UNION ALL SELECT concat_ws(' ', name, \"unique\", origin, partial) FROM pragma_index_list('sessions') ORDER BY 1",
    )
    .fetch_all(&mut connect(dir).await)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_journal_of_every_earlier_version_keeps_sessions() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await;
    let expected = layout(dir.path()).await;
    assert_eq!(expected.len(), 12, "{expected:?}");
    let earlier = [
        VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7, VERSION_8,
    ];
    for (version, script) in (1..).zip(earlier) {
        let dir = tempfile::tempdir().unwrap();
        let journal = open_old(dir.path(), script).await;
        assert_eq!(journal.sessions().await.unwrap(), [], "version {version}");
        let stored = put(&journal, &authorised("default", 0)).await;
        let claim = with_user(session("other"), FIRST_USER);
        let taken = SavedSession::UserTaken(stored.account.clone());
        assert_eq!(save(&journal, &claim).await, taken);
        assert_eq!(layout(dir.path()).await, expected, "version {version}");
        journal.close().await;
        drop(journal);
        let journal = reopen_old(dir.path()).await;
        assert_eq!(journal.sessions().await.unwrap(), [stored]);
    }
}
