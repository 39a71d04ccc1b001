//! Keeps clients supplied with tokens of SASL OAUTHBEARER, from a thread of its own: an endpoint may take its time.
//!
//! Without a callback librdkafka only waits for a token (`rd_kafka_sasl_oauthbearer_ready`), and
//! `rd_kafka_oauthbearer_set_token` may be called from any thread at any time.

use super::client::{ClientEvent, Consumer, Teller};
use super::errors::{Trouble, TroubleKind};
use super::native::{c_string, native, text};
use crate::pause::GrowingPause;
use crate::tokens::{Fault, FaultKind, Token, TokenSource};
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::ffi::{CString, c_char};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

/// The pauses before a source that gave no token is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The clock may be set, and the machine may sleep: the time is looked at that often.
const LOOK: Duration = Duration::from_secs(10);

/// A client that needs tokens.
pub enum Taker {
    Consumer(Weak<Consumer>),
    Producer(Undying),
}

/// A client that lives as long as the process.
pub struct Undying(pub *mut rd::rd_kafka_t);

// SAFETY: the client is never destroyed, and its functions may be called from any thread (rdkafka.h).
unsafe impl Send for Undying {}

/// Supplies a consumer until it is gone; what goes wrong with that becomes an event.
pub fn supply_consumer(source: &TokenSource, client: &Arc<Consumer>, teller: Teller) {
    let tell = move |trouble| teller.tell(ClientEvent::Trouble(trouble));
    supply(source, Taker::Consumer(Arc::downgrade(client)), tell);
}

/// Gives the client a token now and a new one before each expires; tells what goes wrong with that.
pub fn supply(source: &TokenSource, taker: Taker, tell: impl Fn(Trouble) + Send + 'static) {
    let source = source.clone();
    let work = move || {
        let mut pause = GrowingPause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let given = source.get().and_then(|token| taker.take(&token).map(|()| token));
            match given {
                Ok(token) => {
                    pause.reset();
                    sleep_until(token.refresh_at(SystemTime::now()));
                }
                Err(Fault { kind, words }) => {
                    tell(Trouble { kind: TroubleKind::Token(kind), reason: words });
                    std::thread::sleep(pause.advance());
                }
            }
            if taker.is_gone() {
                return;
            }
        }
    };
    // Out of threads: without a token no broker is reached, which is told.
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

impl Taker {
    fn is_gone(&self) -> bool {
        match self {
            Taker::Consumer(client) => client.strong_count() == 0,
            Taker::Producer(_) => false,
        }
    }

    fn take(&self, token: &Token) -> Result<(), Fault> {
        match self {
            Taker::Consumer(client) => match client.upgrade() {
                // SAFETY: the client is held over the call.
                Some(client) => unsafe { set(native(&client), token) },
                None => Ok(()),
            },
            // SAFETY: this client is never destroyed.
            Taker::Producer(Undying(client)) => unsafe { set(*client, token) },
        }
    }
}

/// # Safety
/// The client must be alive.
unsafe fn set(client: *mut rd::rd_kafka_t, token: &Token) -> Result<(), Fault> {
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
            // It counts in microseconds.
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
            // librdkafka repeats a value that it cannot take, which is the token: nobody is to see it.
            let words = text(words.as_ptr().cast::<c_char>());
            let words = words.split(": ").next().unwrap_or_default().to_owned();
            let words = format!("its source: it cannot be used (librdkafka: {words})");
            Err(Fault { kind: FaultKind::Token, words })
        }
    }
}
