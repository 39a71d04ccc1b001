//! The properties that this build of librdkafka knows, and whether it takes a value for one.

use crate::settings::known::{FEATURES, KnownProperties};
use rdkafka::bindings::rd_kafka_conf_properties_show;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use std::ffi::c_char;
use std::io;

/// Reads the table of properties that librdkafka carries.
///
/// # Errors
/// The system has no memory left to write it to.
pub fn known() -> io::Result<KnownProperties> {
    let features = ClientConfig::new().create_native_config().and_then(|native| native.get(FEATURES));
    Ok(KnownProperties::parse(&table()?, &features.map_err(io::Error::other)?))
}

/// Asks librdkafka whether a property takes a value.
///
/// # Errors
/// librdkafka's words for why it does not.
pub fn check(name: &str, value: &str) -> Result<(), String> {
    match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, reason, ..)) => Err(reason),
        Err(other) => Err(other.to_string()),
    }
}

/// The table as text, the only form in which librdkafka gives ranges and defaults.
fn table() -> io::Result<String> {
    let mut text: *mut c_char = std::ptr::null_mut();
    let mut length = 0;
    // SAFETY: both pointers outlive the stream, which is closed below.
    let stream = unsafe { libc::open_memstream(&raw mut text, &raw mut length) };
    if stream.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the stream is open, and the binding's FILE is the one of the C library.
    unsafe { rd_kafka_conf_properties_show(stream.cast()) };
    // SAFETY: the stream was opened above and is not used again; closing it settles text and length.
    if unsafe { libc::fclose(stream) } != 0 || text.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: after the close, text points to length bytes that are ours.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    let table = String::from_utf8_lossy(bytes).into_owned();
    // SAFETY: the buffer of a closed memory stream belongs to its opener, and nothing borrows it now.
    unsafe { libc::free(text.cast()) };
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Arguments, Command};
    use crate::settings::Consume;
    use crate::settings::known::Side;
    use crate::settings::testing::TestWorld;
    use clap::Parser;
    use rdkafka::consumer::BaseConsumer;

    #[test]
    fn the_table_of_this_build_is_understood() {
        let known = known().expect("memory");
        assert_eq!(known.canonical("metadata.broker.list"), "bootstrap.servers");
        assert_eq!(known.canonical("max.partition.fetch.bytes"), "fetch.message.max.bytes");
        let session = known.get("session.timeout.ms").expect("known");
        assert_eq!((session.default.as_str(), session.valid.as_str()), ("45000", "1 .. 3600000"));
        assert_eq!(session.side, Side::Consumer);
        assert_eq!(known.get("acks").map(|property| property.side), Some(Side::Producer));
        assert_eq!(known.get("client.id").map(|property| property.side), Some(Side::Both));
        assert!(known.all().count() > 100, "{}", known.all().count());
        for feature in ["ssl", "sasl_plain", "sasl_scram", "zstd", "gzip", "snappy", "lz4"] {
            assert!(known.has_feature(feature), "{feature}");
        }
        assert!(!known.has_feature("sasl_gssapi"));
    }

    #[test]
    fn a_value_is_judged_by_the_library() {
        assert_eq!(check("security.protocol", "sasl_ssl"), Ok(()));
        assert!(check("security.protocol", "tls").is_err_and(|reason| reason.contains("security.protocol")));
        assert!(check("session.timeout.ms", "abc").is_err());
        assert!(check("no.such.property", "1").is_err());
    }

    #[test]
    fn whatever_is_settled_makes_a_client() {
        for words in [
            "",
            "-g g",
            "-g g --commit batch=5 --offset-reset none --instance-id i",
            "-g g -X group.protocol=consumer",
            "-X group.protocol=consumer",
            "-X fetch.max.bytes=5000",
            "-X fetch.max.bytes=2147483135",
            "-X message.max.bytes=1000000000",
            "-X receive.message.max.bytes=5000",
            "-X fetch.message.max.bytes=1000000000",
            "-X queued.max.messages.kbytes=1",
            "-X reconnect.backoff.ms=9000",
            "-X reconnect.backoff.max.ms=0",
            "-g g -X max.poll.interval.ms=1000",
            "-g g -X session.timeout.ms=3600000",
            "-g g -X session.timeout.ms=1",
            "-X partition.assignment.strategy=cooperative-sticky",
            "-X security.protocol=SSL",
            "-X security.protocol=SASL_SSL -X sasl.mechanism=SCRAM-SHA-512 -X sasl.username=a -X sasl.password=b",
            "-X security.protocol=sasl_plaintext -X sasl.mechanism=plain -X sasl.username=a -X sasl.password=b",
            "-X ssl.endpoint.identification.algorithm= -X security.protocol=ssl",
            "-X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=OAUTHBEARER \
             -X enable.sasl.oauthbearer.unsecure.jwt=true -X sasl.oauthbearer.config=principal=a",
        ] {
            let words = ["kcons", "consume", "t"].into_iter().chain(words.split_whitespace());
            let arguments =
                Arguments::try_parse_from(words.clone()).expect("words that the declaration takes");
            let Command::Consume(consume) = arguments.command else { panic!("consume was typed") };
            let world = TestWorld::new(&[]);
            let resolved = Consume::resolve(&consume, &arguments.connection, &world.surroundings());
            let connection = resolved.expect("valid").connection;
            let mut config = ClientConfig::new();
            config.extend(connection.properties);
            let client = config.create::<BaseConsumer>();
            assert!(client.is_ok(), "{:?}: {:?}", words.collect::<Vec<_>>(), client.err());
        }
    }
}
