//! `daybook serve`: until a signal ends it.

use std::{io::Write, process::ExitCode, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Failure, ServeArgs, StoreArgs};
use crate::{Config, Limits, Mail, clock, http::arrival::Edge};

pub async fn serve(args: ServeArgs, store: StoreArgs) -> Result<ExitCode, Failure> {
    log(args.log_json);
    args.clock.into_iter().for_each(clock::set);
    let limits = Limits {
        memory: args.memory_mib.saturating_mul(1024 * 1024),
        documents: args.documents_mib.saturating_mul(1024 * 1024),
        pictures: args.pictures_mib.saturating_mul(1024 * 1024),
        batch: args.batch,
        batch_wait: Duration::from_millis(args.batch_wait_ms),
        view_batch: args.view_batch,
        view_wait: Duration::from_millis(args.view_wait_ms),
        ..Limits::default()
    };
    let config = Config {
        listen: args.listen,
        edge: Edge { origins: args.origins, proxies: args.proxies },
        database_url: store.database_url,
        demo: args.demo,
        public_demo: args.public_demo,
        offline_start: !args.no_offline_start,
        views: args.views,
        redis: store.redis,
        inline_views: args.inline_views,
        mail: args.mail.zip(args.mail_to).map(|(server, to)| Mail { server, from: args.mail_from, to }),
        read_only: args.read_only,
        metrics_key: args.metrics_key,
        limits,
    };
    // Taken before anything starts, so that a stop during the start is not lost.
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        return Err(Failure::Other("signals cannot be received".to_owned()));
    };
    let public = config.edge.origins.first().map(ToString::to_string);
    let running = crate::start(config).await?;
    // Whoever reads the address may close the pipe; the shop goes on.
    let _ = match public {
        None => writeln!(
            std::io::stdout(),
            "Daybook is at http://{}/\n\
             It listens on this machine only. A shop without people asks nobody: everybody here is its owner.",
            running.addr
        ),
        Some(origin) => writeln!(
            std::io::stdout(),
            "Daybook is at {origin}/\n\
             It listens on {}, for the proxy in front. A shop gets its first owner by `daybook person invite --shop SHOP \
             --role owner`.",
            running.addr
        ),
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,server=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Once per process; a second one keeps the first.
    let _ = if json { log.json().try_init() } else { log.try_init() };
}
