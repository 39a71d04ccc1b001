//! Keeps clients supplied with tokens of SASL OAUTHBEARER, on a separate thread since an endpoint may take its time.
//!
//! Without a callback librdkafka only waits for a token (`rd_kafka_sasl_oauthbearer_ready`), and
//! `rd_kafka_oauthbearer_set_token` may be called from any thread at any time.

use super::client::{ClientEvent, Consumer, EventSender};
use super::errors::{Trouble, TroubleKind};
use super::native::{c_string, native, text};
use crate::pause::GrowingPause;
use crate::tokens::{Token, TokenFault, TokenFaultKind, TokenSource};
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::ffi::{CString, c_char};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

/// The pauses before a source that gave no token is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often the time is looked at, since the clock may be changed and the machine may sleep.
const LOOK: Duration = Duration::from_secs(10);

/// A client that needs tokens.
pub enum TokenTarget {
    Consumer(Weak<Consumer>),
    Producer(LeakedClient),
}

/// A client that is never destroyed, so that its pointer stays valid.
pub struct LeakedClient(pub *mut rd::rd_kafka_t);

// SAFETY: the client is never destroyed, and its functions may be called from any thread (rdkafka.h).
unsafe impl Send for LeakedClient {}

/// Supplies a consumer with tokens until it is gone; what goes wrong becomes an event.
pub fn supply_consumer(source: &TokenSource, client: &Arc<Consumer>, event_sender: EventSender) {
    let tell = move |trouble| event_sender.send(ClientEvent::Trouble(trouble));
    supply(source, TokenTarget::Consumer(Arc::downgrade(client)), tell);
}

/// Gives the client a token now and a new one before each expires; `tell` is told what goes wrong.
pub fn supply(source: &TokenSource, target: TokenTarget, tell: impl Fn(Trouble) + Send + 'static) {
    let source = source.clone();
    let work = move || {
        let mut pause = GrowingPause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let given = source.get().and_then(|token| target.set(&token).map(|()| token));
            match given {
                Ok(token) => {
                    pause.reset();
                    sleep_until(token.refresh_at(SystemTime::now()));
                }
                Err(TokenFault { kind, words }) => {
                    tell(Trouble { kind: TroubleKind::Token(kind), reason: words });
                    std::thread::sleep(pause.advance());
                }
            }
            if target.is_gone() {
                return;
            }
        }
    };
    // If the system is out of threads, no broker is reached without a token, which is told.
    drop(std::thread::Builder::new().name("tokens".to_owned()).spawn(work));
}

fn sleep_until(time: SystemTime) {
    while let Ok(rest) = time.duration_since(SystemTime::now()) {
        if rest.is_zero() {
            return;
        }
        std::thread::sleep(rest.min(LOOK));
    }
}

impl TokenTarget {
    fn is_gone(&self) -> bool {
        match self {
            TokenTarget::Consumer(client) => client.strong_count() == 0,
            TokenTarget::Producer(_) => false,
        }
    }

    fn set(&self, token: &Token) -> Result<(), TokenFault> {
        match self {
            TokenTarget::Consumer(client) => match client.upgrade() {
                // SAFETY: the client is held over the call.
                Some(client) => unsafe { set(native(&client), token) },
                None => Ok(()),
            },
            // SAFETY: this client is never destroyed.
            TokenTarget::Producer(LeakedClient(client)) => unsafe { set(*client, token) },
        }
    }
}

/// # Safety
/// The client must be alive.
unsafe fn set(client: *mut rd::rd_kafka_t, token: &Token) -> Result<(), TokenFault> {
    let (value, principal) = (c_string(&token.text), c_string(&token.principal));
    let extensions: Vec<CString> =
        token.extensions.iter().flat_map(|(key, value)| [c_string(key), c_string(value)]).collect();
    let mut pointers: Vec<*const c_char> = extensions.iter().map(|text| text.as_ptr()).collect();
    let life = token.expires.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let mut words = [0u8; 512];
    // SAFETY: the caller vouches for the client; the texts are alive over the call, which copies them, and the
    // buffer has the length told.
    let code = unsafe {
        rd::rd_kafka_oauthbearer_set_token(
            client,
            value.as_ptr(),
            // librdkafka counts in microseconds.
            i64::try_from(life.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 1000),
            principal.as_ptr(),
            pointers.as_mut_ptr(),
            pointers.len(),
            words.as_mut_ptr().cast::<c_char>(),
            words.len(),
        )
    };
    match code {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        _ => {
            // librdkafka repeats a value that it does not take, which is the token here: nobody may see it.
            let words = text(words.as_ptr().cast::<c_char>());
            let words = words.split(": ").next().unwrap_or_default().to_owned();
            let words = format!("its source: it cannot be used (librdkafka: {words})");
            Err(TokenFault { kind: TokenFaultKind::Token, words })
        }
    }
}
