//! What goes over a limit is agreed to at the till, by the PIN of somebody who leads: on a device, which looks at the PIN
//! itself, and at the server's door for forms that no script has sent. What has to be agreed to is `domain`'s to say.

use domain::{
    Command,
    account::{self, approval},
    books::{Books, Role},
    fields::FieldError,
};

use crate::{
    forms::{APPROVER_PIN, Form},
    replica::{Device, NotDone, Wish},
    text,
};

/// Beside the field of the PIN.
fn at_the_pin(problem: impl Into<String>) -> FieldError {
    FieldError { field: APPROVER_PIN.to_owned(), problem: problem.into() }
}

/// Nobody was asked.
#[must_use]
pub fn missing() -> FieldError {
    at_the_pin("must be typed by somebody who may agree")
}

/// Not the PIN, switched off after wrong ones, or of nobody who shares the browser.
#[must_use]
pub fn wrong() -> FieldError {
    at_the_pin("is not this person’s; after five wrong ones the password is needed")
}

/// Somebody has tried PINs, or this one, so often that they wait first.
#[must_use]
pub fn too_often() -> FieldError {
    at_the_pin("was tried too often; wait a few minutes, or type the password to sign in")
}

/// Nobody could look whose it is. It is no wrong one, and nothing was sold.
#[must_use]
pub fn unanswered() -> FieldError {
    at_the_pin("could not be looked at just now; nothing was sold, try again")
}

/// They share the browser, and may not agree to this.
#[must_use]
pub fn not_theirs() -> FieldError {
    at_the_pin("is of somebody who may not agree")
}

/// Has a command of a form agreed to, where it has to be: that goes out before it, in the name of whoever agrees.
///
/// # Errors
/// What is wrong with the PIN; the command must not be given then.
pub async fn agree(
    device: &dyn Device,
    form: &Form,
    command: &Command,
    role: Role,
    books: &Books,
) -> Result<(), FieldError> {
    let Some(of_sale) = approval::needed(command, role, &books.aggregates) else { return Ok(()) };
    let (login, pin) = form.approver.clone().ok_or_else(missing)?;
    if !device.fits_pin(login.clone(), pin).await {
        return Err(wrong());
    }
    let wish = Wish { by: Some(login), ..Wish::from(Command::from(account::Command::Approve(of_sale))) };
    match device.issue(wish).await {
        Ok(_) => Ok(()),
        Err(NotDone::NotSaved(problem)) => Err(at_the_pin(text::not_saved(&problem))),
        Err(NotDone::Refused(_) | NotDone::NotNow) => Err(not_theirs()),
    }
}
