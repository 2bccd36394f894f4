//! `/api/v1/mappings`: which of the app's attributes are mapped to the Okta
//! profile.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, Uri},
};
use serde_json::{Map, Value, json};

use crate::{authorize::Caller, org::Org, refusal::Refusal};

/// The only mapping.
const ID: &str = "prmemulated000000app";

/// The mappings without their properties, which only a single GET shows.
pub(crate) async fn list(
    State(org): State<Arc<Org>>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Json<Vec<Value>> {
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let app = &org.options.identity_source;
    let wanted = |name| query.get(name).is_none_or(|id| id == app);
    let target = query.get("targetId").is_none_or(|id| id == TARGET);
    let mut mappings = Vec::new();
    if wanted("sourceId") && target {
        mappings.push(object(&org, &caller.origin()));
    }
    Json(mappings)
}

pub(crate) async fn get(
    State(org): State<Arc<Org>>,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    if id != ID {
        return Err(Refusal::not_found(&id, "ProfileMapping"));
    }
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let properties: Map<String, Value> = org
        .options
        .attributes()
        .filter(|name| !org.options.unmapped.iter().any(|unmapped| unmapped == name))
        .map(|name| {
            let target = if name == "userName" { "login" } else { name };
            let expression = format!("appuser.{name}");
            let property = json!({ "expression": expression, "pushStatus": "PUSH" });
            (target.to_owned(), property)
        })
        .collect();
    let mut mapping = object(&org, &caller.origin());
    mapping["properties"] = Value::Object(properties);
    Ok(Json(mapping))
}

/// The Okta profile, as mappings name it.
const TARGET: &str = "otyemulated00default";

fn object(org: &Org, origin: &str) -> Value {
    let app = &org.options.identity_source;
    json!({
        "id": ID,
        "source": {
            "id": app,
            "name": "custom_identity_source",
            "type": "appuser",
            "_links": {
                "self": { "href": format!("{origin}/api/v1/apps/{app}") },
                "schema": { "href": format!("{origin}/api/v1/meta/schemas/apps/{app}/default") },
            },
        },
        "target": {
            "id": TARGET,
            "name": "user",
            "type": "user",
            "_links": {
                "self": { "href": format!("{origin}/api/v1/meta/types/user/{TARGET}") },
                "schema": { "href": format!("{origin}/api/v1/meta/schemas/user/default") },
            },
        },
        "_links": { "self": { "href": format!("{origin}/api/v1/mappings/{ID}") } },
    })
}
