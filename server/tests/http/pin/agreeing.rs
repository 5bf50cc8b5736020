//! More than may go on an account, where no script runs: the form carries the PIN of whoever agrees.

use super::*;

on_every_store!(us_22_without_a_script_a_manager_agrees_by_their_pin_to_what_goes_over_a_limit);

/// The form of the till, as it is posted. Bread costs 4.20, and the account may take 5.00.
async fn puts_on_account(till: &Browser<'_>, pieces: &str, approver: Option<(&str, &str)>) -> String {
    let mut form = vec![
        ("type", "sale.record"),
        ("form", "till-pay"),
        ("return_to", "/s/test/till"),
        ("next", "/s/test/till"),
        ("lines[0].sku", "A"),
        ("lines[0].qty", pieces),
        ("payment", "account"),
        ("account", "school"),
    ];
    form.extend(approver.iter().flat_map(|(login, pin)| [("approver", *login), ("approver_pin", *pin)]));
    location(&till.post("/s/test/commands", &form).await)
}

async fn us_22_without_a_script_a_manager_agrees_by_their_pin_to_what_goes_over_a_limit(fixture: Fixture) {
    let (daybook, ..) = corner(&fixture).await;
    let mut till = Browser::shared(&daybook).await;
    till.switch(ASHA, PIN).await;
    let open = json!({"account_id": "school", "title": "School", "owner": "o", "initial_balance": 0, "limit": 500});
    let open = daybook.post(&json!({"type": "account.open", "data": open})).header("cookie", till.cookies());
    assert_eq!(open.send().await.unwrap().status(), StatusCode::OK);
    // From here on it is Marek who sells.
    till.switch(MAREK, "314159").await;
    let log = async |till: &Browser<'_>| {
        let log = daybook.get("/events?after=0&limit=1000").header("cookie", till.cookies());
        let (_, log) = answer(log.send().await.unwrap()).await;
        let known = ["SaleApproved", "SaleRecorded"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let events = log["events"].as_array().unwrap().iter();
        let events = events.filter(|event| known.iter().any(|known| event["type"] == *known));
        events.map(|event| (text(&event["type"]), text(&event["actor"]))).collect::<Vec<_>>()
    };
    let pair = |kind: &str, login: &str| (kind.to_owned(), login.to_owned());

    assert!(puts_on_account(&till, "1", None).await.contains("done=sale.record"), "what may go on it needs nobody");
    let mut written = vec![pair("SaleRecorded", MAREK)];
    for (nobody, who) in [
        ("nobody was asked", None),
        ("not her PIN", Some((ASHA, "1397"))),
        ("he may not agree himself", Some((MAREK, "314159"))),
        ("no such person", Some(("eve", "2580"))),
    ] {
        let back = puts_on_account(&till, "1", who).await;
        assert!(back.contains("refused=malformed") && back.contains("field=approver_pin"), "{nobody}: {back}");
        for secret in ["1397", "314159", "2580"] {
            assert!(!back.contains(secret), "no PIN in an address: {back}");
        }
        assert!(back.contains("typed.account=school"), "the sale is not lost: {back}");
    }
    assert_eq!(log(&till).await, written, "and nothing was sold");

    assert!(puts_on_account(&till, "1", Some((ASHA, PIN))).await.contains("done=sale.record"));
    written.extend([pair("SaleApproved", ASHA), pair("SaleRecorded", MAREK)]);
    assert_eq!(log(&till).await, written);

    assert_eq!(till.switch(ASHA, PIN).await, "/s/test/till");
    assert!(puts_on_account(&till, "1", None).await.contains("done=sale.record"), "who may agree need not ask");
    written.push(pair("SaleRecorded", ASHA));
    assert_eq!(log(&till).await, written);
}
