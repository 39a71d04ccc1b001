//! Keeps the OpenSSL that librdkafka brings from reading the files of another one.

use std::ffi::{c_int, c_void};

/// `OPENSSL_INIT_NO_LOAD_CONFIG` of `openssl/crypto.h`.
const NO_LOAD_CONFIG: u64 = 0x80;

unsafe extern "C" {
    /// A function of the OpenSSL that is linked in.
    fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> c_int;
}

/// Keeps OpenSSL from reading the `openssl.cnf` of `OPENSSL_CONF` or of its own folder: the file is another
/// OpenSSL's and names libraries to load. Call this before anything else of OpenSSL, since the first call decides.
pub fn ignore_files() {
    // SAFETY: the settings may be null, and the function may be called at any time and from any thread.
    unsafe { OPENSSL_init_crypto(NO_LOAD_CONFIG, std::ptr::null()) };
}
