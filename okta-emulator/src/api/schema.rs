//! `/api/v1/meta/schemas/apps/{app}/default`: the attributes in the app's
//! profile.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, Method, Uri},
};
use serde_json::{Map, Value, json};

use crate::{authorize::Caller, clock::iso, options::BASE_ATTRIBUTES, org::Org, refusal::Refusal};

pub(crate) async fn default(
    State(org): State<Arc<Org>>,
    Path(app): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    if app != org.options.identity_source {
        return Err(Refusal::not_found(&app, "AppInstance"));
    }
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let custom = org.options.custom_attributes.iter().map(String::as_str);
    let started = iso(org.options.started);
    Ok(Json(json!({
        "id": format!("{}/meta/schemas/apps/{app}/default", caller.origin()),
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": "Custom Identity Source User",
        "title": "Custom Identity Source User",
        "lastUpdated": started,
        "created": started,
        "definitions": {
            "custom": {
                "id": "#custom",
                "type": "object",
                "properties": custom.map(|name| (name.to_owned(), property(name)))
                    .collect::<Map<_, _>>(),
                "required": [],
            },
            "base": {
                "id": "#base",
                "type": "object",
                "properties": BASE_ATTRIBUTES.map(|name| (name.to_owned(), property(name)))
                    .into_iter().collect::<Map<_, _>>(),
                "required": ["userName"],
            },
        },
        "type": "object",
        "properties": {
            "profile": {
                "allOf": [{ "$ref": "#/definitions/custom" }, { "$ref": "#/definitions/base" }],
            },
        },
    })))
}

fn property(name: &str) -> Value {
    let title = match name {
        "userName" => "Username",
        "firstName" => "First name",
        "lastName" => "Last name",
        "email" => "Email",
        "secondEmail" => "Second email",
        "mobilePhone" => "Mobile phone",
        own => own,
    };
    json!({
        "title": title,
        "type": "string",
        "required": name == "userName",
        "scope": "NONE",
        "master": { "type": "PROFILE_MASTER" },
    })
}
