//! The door for forms that are posted where no script runs: the same commands, then a redirect to a page that can be
//! read again, kept and shared.

use app::{
    format,
    forms::{FILE, Form},
};
use axum::{
    body::Bytes,
    extract::{Multipart, State, multipart::MultipartError, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use domain::{
    CommandId, Submission, Verdict,
    account::{self, OfSale, approval},
    books::{Author, Request},
    fields::FieldError,
    record::WEB,
};
use sync::protocol::Outcome;
use uuid::Uuid;

use super::{Shared, blobs, pages::is_for_people, problem::Problem, reading::Door, redirect::see_other};
use crate::{access::pin::PinError, clock};

/// `POST /s/{shop}/commands`
///
/// # Errors
/// 404 for an unknown shop, 413 and 415 for what no form of ours sends; everything else goes back to the form.
pub async fn post(
    State(server): Shared,
    door: Result<Door, Problem>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|_| Problem::too_large(format!("{} bytes at most", server.limits.body)))?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let form = content_type
        .starts_with("application/x-www-form-urlencoded")
        .then(|| Form::of_body(&String::from_utf8_lossy(&body)));
    match (door, form) {
        (Ok(door), Some(form)) => decided(&door, form).await,
        // The form's own page asks them to sign in, and has what they typed when they have.
        (Err(problem), Some(form)) if is_passing(&problem) && is_for_people(&headers) => {
            Ok(see_other(&form.unanswered()))
        }
        (Err(problem), _) => Err(problem),
        (Ok(_), None) => {
            let title = "send application/x-www-form-urlencoded";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", title))
        }
    }
}

/// Whether the same form may be taken later: nobody has signed in any more, or the server cannot decide just now.
fn is_passing(problem: &Problem) -> bool {
    [StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE].contains(&problem.status())
}

/// `POST /s/{shop}/commands/picture`: a form with the picture itself in it.
///
/// # Errors
/// As [`post`].
pub async fn post_picture(door: Door, mut parts: Multipart) -> Result<Response, Problem> {
    let malformed = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(format!("{} bytes at most", door.server.limits.picture)),
        // What breaks off has done so on its way here.
        status if status.is_server_error() => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed", "it did not come whole")
        }
        status => Problem::new(status, "malformed", error.body_text()),
    };
    let (mut pairs, mut file) = (Vec::new(), Bytes::new());
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILE {
            file = part.bytes().await.map_err(malformed)?;
        } else {
            pairs.push((name, part.text().await.map_err(malformed)?));
        }
    }
    let form = Form::of(pairs);
    if file.is_empty() {
        return decided(&door, form).await;
    }
    match blobs::keep(&door, file).await {
        Ok((blob, _)) => {
            let described = [
                ("blob", blob.name.to_string()),
                ("media_type", blob.media_type.as_str().to_owned()),
                ("width", blob.width.to_string()),
                ("height", blob.height.to_string()),
            ];
            decided(&door, form.with_picture(described)).await
        }
        Err(problem) => {
            let problem = problem.title().to_owned();
            Ok(see_other(&form.malformed(&[FieldError { field: "blob".to_owned(), problem }])))
        }
    }
}

async fn decided(door: &Door, form: Form) -> Result<Response, Problem> {
    let id = form.command_id.unwrap_or_else(|| CommandId(Uuid::now_v7()));
    let view = door.shop.view()?;
    let currency = format::Currency::of_books(&view.books);
    let command = match format::in_currency(currency, || form.command(&app::forms::number_of(id), &view.books)) {
        Ok(command) => command,
        Err(errors) => return Ok(see_other(&form.malformed(&errors))),
    };
    let fingerprint = command.fingerprint();
    if let Some(of_sale) = approval::needed(&command, door.author.role, &view.books.aggregates)
        && let Err(error) = agreed(door, CommandId::derived(id.0, "approval", fingerprint, 0), &form, of_sale).await
    {
        return Ok(see_other(&form.malformed(&[error])));
    }
    let mut outcome = decide(door, id, &form, command.clone()).await;
    if matches!(outcome, Some(Outcome::IdReused { .. })) {
        // Somebody went back to a form that was sent, and changed it: another command, whose id follows from both,
        // so that this one too may be posted twice.
        let other = CommandId::derived(id.0, "form", fingerprint, 0);
        outcome = decide(door, other, &form, command.clone()).await;
    }
    Ok(see_other(&match outcome {
        Some(Outcome::Settled { verdict: Verdict::Accepted { .. }, .. }) => form.after(&command),
        Some(Outcome::Settled { verdict: Verdict::Refused { refusal, .. }, .. }) => form.refused(&refusal),
        _ => form.unanswered(),
    }))
}

/// Has what the form is about agreed to by whoever it names, in their name.
async fn agreed(door: &Door, id: CommandId, form: &Form, of_sale: OfSale) -> Result<(), FieldError> {
    let (login, pin) = form.approver.clone().ok_or_else(app::approval::missing)?;
    let access = &door.server.access;
    let attempt = access.attempts.begin(door.peer, &login).map_err(|_| app::approval::too_often())?;
    let author = match access.agrees(&door.shop.slug, &login, pin, &door.headers).await {
        Ok(author) => author,
        Err(PinError::Wrong) => {
            attempt.is_wrong("wrong_pin");
            return Err(app::approval::wrong());
        }
        Err(error) => {
            attempt.is_no_guess();
            tracing::warn!(%error, "agreed to: not looked up");
            return Err(app::approval::unanswered());
        }
    };
    attempt.is_right();
    let outcome = submit(door, id, None, account::Command::Approve(of_sale).into(), author).await;
    match outcome {
        Some(Outcome::Settled { verdict: Verdict::Accepted { .. }, .. }) => Ok(()),
        _ => Err(app::approval::not_theirs()),
    }
}

async fn decide(door: &Door, id: CommandId, form: &Form, command: domain::Command) -> Option<Outcome> {
    submit(door, id, form.undoes, command, door.author.clone()).await
}

async fn submit(
    door: &Door,
    id: CommandId,
    undoes: Option<CommandId>,
    command: domain::Command,
    author: Author,
) -> Option<Outcome> {
    let submission = Submission {
        id,
        command,
        if_version: None,
        device: WEB.into(),
        issued_at: clock::now(),
        undoes,
        replaces: None,
        depends_on: Vec::new(),
    };
    let decided = door.shop.decide(vec![Request { submission, author }]).await;
    decided.ok()?.outcomes.pop()
}
