//! Listening, and one task for each connection.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{api, gate, org::Org};

/// Serves until it is dropped, which closes every connection as well.
pub(crate) async fn serve(listener: TcpListener, org: Arc<Org>) -> Infallible {
    let router = router(org);
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone()));
            }
            // Out of file descriptors, most likely: some may be freed soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Answers are small: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    // A connection that breaks is the client's business, not ours.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
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
        .route("/users", post(api::users::create))
        .route(
            "/users/{user}",
            get(api::users::get)
                .put(api::users::replace)
                .patch(api::users::update)
                .delete(api::users::delete),
        );
    let okta = Router::new()
        .nest("/api/v1/identity-sources/{source}", source)
        .route(
            "/api/v1/meta/schemas/apps/{app}/default",
            get(api::schema::default),
        )
        .route(api::token::PATH, post(api::token::give))
        .fallback(api::nothing_here)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&org), gate::pass));
    Router::new()
        .route("/_emulator/state", get(api::emulator::state))
        .route("/_emulator/requests", get(api::emulator::requests))
        .merge(okta)
        .with_state(org)
}
