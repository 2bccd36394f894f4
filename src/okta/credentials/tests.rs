use super::*;
use crate::okta::credentials_error::KeyError;

#[test]
fn what_is_not_understood_is_not_repeated() {
    let missing = CredentialsError::Missing;
    let key = CredentialsError::Key;
    for (json, error) in [
        ("hush", CredentialsError::NotUnderstood),
        ("[]", CredentialsError::NotUnderstood),
        (
            r#""{\"apiToken\":\"hush\"}""#,
            CredentialsError::EncodedTwice,
        ),
        ("{}", CredentialsError::NotUnderstood),
        (r#"{"keyId":"hush"}"#, CredentialsError::NotUnderstood),
        (r#"{"apiToken":7}"#, CredentialsError::NotUnderstood),
        (
            r#"{"apiToken":"hush","clientId":"hush"}"#,
            CredentialsError::NotUnderstood,
        ),
        (r#"{"apiToken":""}"#, CredentialsError::NotAToken),
        (r#"{"apiToken":"hush\n"}"#, CredentialsError::NotAToken),
        (r#"{"apiToken":"hüsh"}"#, CredentialsError::NotAToken),
        (
            r#"{"clientId":"hush","keyId":"hush"}"#,
            missing("privateKey"),
        ),
        (r#"{"privateKey":"hush"}"#, missing("clientId")),
        (
            r#"{"clientId":" ","privateKey":"hush"}"#,
            missing("clientId"),
        ),
        (
            r#"{"clientId":"a","privateKey":"hush"}"#,
            key(KeyError::NotUnderstood),
        ),
        (
            r#"{"clientId":"a","privateKey":"{hush"}"#,
            key(KeyError::Incomplete),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"RSA","n":"hush","e":"AQAB"}}"#,
            key(KeyError::Incomplete),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"EC","crv":"P-256","x":"aA","y":"aA"}}"#,
            key(KeyError::Incomplete),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"EC","crv":"P-256","x":"aA","y":"aA","d":"h ush"}}"#,
            key(KeyError::Unusable),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"EC","crv":"P-256","x":"aA","y":"aA","d":"aA"}}"#,
            key(KeyError::Unusable),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"EC","crv":"P-521","x":"aA","y":"aA","d":"aA"}}"#,
            key(KeyError::Unusable),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"oct","k":"hush"}}"#,
            key(KeyError::Unusable),
        ),
        (
            r#"{"clientId":"a","privateKey":{"kty":"RSA","n":"aA","e":"AQAB","d":"aA","p":"aA","q":"aA","dp":"aA","dq":"aA","qi":"aA"}}"#,
            key(KeyError::Unusable),
        ),
    ] {
        let refused = Credentials::parse(json).unwrap_err();
        assert_eq!(refused, error, "{json}");
        assert!(!format!("{refused} {refused:?}").contains("hush"));
    }
}

fn with_key(pem: &str) -> Result<Credentials, CredentialsError> {
    let json = serde_json::json!({"clientId": "0oa1", "keyId": "k1", "privateKey": pem});
    Credentials::parse(&json.to_string())
}

fn pem(kind: &str, body: &str) -> String {
    format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
}

#[test]
fn pem_that_is_no_private_key_says_what_it_is_instead() {
    for (kind, error) in [
        ("PUBLIC KEY", KeyError::Public),
        ("CERTIFICATE", KeyError::Public),
        ("ENCRYPTED PRIVATE KEY", KeyError::Encrypted),
        ("PRIVATE KEY", KeyError::Unusable),
        ("RSA PRIVATE KEY", KeyError::Unusable),
        ("EC PRIVATE KEY", KeyError::Unusable),
        ("SSH KEY", KeyError::NotUnderstood),
    ] {
        assert_eq!(
            with_key(&pem(kind, "aHVzaA==")).unwrap_err(),
            CredentialsError::Key(error),
            "{kind}"
        );
    }
}

#[test]
fn no_secret_is_shown() {
    let token = Credentials::parse(r#"{"apiToken":"hush"}"#).unwrap();
    let app = with_key(&generated()).unwrap();

    let shown = format!("{token:?} {app:?}");

    assert_eq!(
        shown,
        "Credentials::ApiToken(…) ServiceApp { client_id: \"0oa1\", key_id: \"k1\", \
         key: SigningKey(ES256, …) }"
    );
}

#[test]
fn a_key_may_have_its_line_breaks_escaped_once_more() {
    assert!(with_key(&generated().replace('\n', "\\n")).is_ok());
}

fn generated() -> String {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = pair.to_pkcs8v1().unwrap();
    pem("PRIVATE KEY", &STANDARD.encode(der.as_ref()))
}

#[test]
fn a_byte_order_mark_and_lines_around_are_no_part_of_a_secret() {
    for json in [
        "\u{feff}{\"apiToken\":\"token\"}",
        "\n{\"apiToken\":\"token\"}\r\n",
    ] {
        assert!(Credentials::parse(json).is_ok(), "{json:?}");
    }
}
