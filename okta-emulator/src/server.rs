//! Listens, with one task for each connection.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router, middleware,
    routing::{delete, get, post, put},
};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{api, faults::HangUp, gate, org::Org, page};

/// Serves until it is dropped, which also closes every connection.
pub(crate) async fn serve(listener: TcpListener, org: Arc<Org>) -> Infallible {
    let router = router(org);
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone()));
            }
            // Probably out of file descriptors: some may be freed soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Answers are small: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let hang_up = HangUp::default();
    let answer = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(hang_up.clone());
        answer.call(request)
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A connection that breaks is the client's problem, not ours.
        _ = connection => {}
        () = hang_up.wanted() => {}
    }
}

fn router(org: Arc<Org>) -> Router {
    let source = Router::new()
        .route(
            "/sessions",
            get(api::sessions::list).post(api::sessions::create),
        )
        .route(
            "/sessions/{session}",
            get(api::sessions::get).delete(api::sessions::cancel),
        )
        .route(
            "/sessions/{session}/bulk-upsert",
            post(api::sessions::bulk_upsert),
        )
        .route(
            "/sessions/{session}/bulk-delete",
            post(api::sessions::bulk_delete),
        )
        .route(
            "/sessions/{session}/start-import",
            post(api::sessions::start_import),
        )
        // The remaining loads: those with groups and memberships.
        .route(
            "/sessions/{session}/{load}",
            post(api::sessions::bulk_groups),
        )
        .route("/users", post(api::users::create))
        .route(
            "/users/{user}",
            get(api::users::get)
                .put(api::users::replace)
                .patch(api::users::update)
                .delete(api::users::delete),
        )
        .route("/groups", post(api::groups::create))
        .route(
            "/groups/{group}",
            get(api::groups::get)
                .post(api::groups::update)
                .delete(api::groups::delete),
        )
        .route(
            "/groups/{group}/membership",
            get(api::groups::members).post(api::groups::join),
        )
        .route(
            "/groups/{group}/membership/{member}",
            delete(api::groups::leave),
        );
    let okta = Router::new()
        .nest("/api/v1/identity-sources/{source}", source)
        .route(
            "/api/v1/meta/schemas/apps/{app}/default",
            get(api::schema::default),
        )
        .route("/api/v1/apps/{app}/users", get(api::apps::users))
        .route("/api/v1/apps/{app}/users/{user}", get(api::apps::user))
        .route("/api/v1/users/{user}", get(api::okta_users::get))
        .route("/api/v1/logs", get(api::logs::list))
        .route("/api/v1/mappings", get(api::mappings::list))
        .route("/api/v1/mappings/{mapping}", get(api::mappings::get))
        .route(api::token::PATH, post(api::token::give))
        .fallback(api::nothing_here)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&org), gate::pass));
    Router::new()
        .route("/_emulator/state", get(api::emulator::state))
        .route("/_emulator/requests", get(api::emulator::requests))
        .route(
            "/_emulator/faults",
            get(api::emulator::faults)
                .post(api::emulator::inject)
                .delete(api::emulator::clear_faults),
        )
        .route(
            "/_emulator/faults/{id}",
            delete(api::emulator::remove_fault),
        )
        .route(
            "/_emulator/users/{user}",
            get(api::hand::user).post(api::hand::act),
        )
        .route(
            "/_emulator/logins/{login}",
            put(api::hand::occupy).delete(api::hand::vacate),
        )
        .merge(page::routes())
        .merge(okta)
        .with_state(org)
}
