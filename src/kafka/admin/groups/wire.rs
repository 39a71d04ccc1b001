//! The kinds of groups, asked of a broker on a connection of our own, since librdkafka 2.12 lists groups without
//! their kinds, or only groups of consumers. Works only where the broker wants neither TLS nor a login.

use super::GroupKind;
use super::assignment::Bytes;
use crate::kafka::client::Consumer;
use crate::kafka::native::{c_string, native};
use rdkafka::bindings as rd;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long connecting and each read may take. Without an answer the kind stays unknown, which is said.
const LIMIT: Duration = Duration::from_secs(1);

/// The longest answer that is read.
const MOST: u32 = 64 << 20;

/// `ListGroups` in version 5 (KIP-848, Kafka 3.8): all states, all types.
const REQUEST: &[u8] = b"\0\x10\0\x05\0\0\0\x01\0\x05kcons\0\x01\x01\0";

/// A group's name, its kind and its state.
pub type ToldGroup = (String, GroupKind, String);

/// Asks a broker, as `HOST:PORT`, for the groups that it coordinates.
pub fn list(client: &Consumer, address: &str) -> Option<Vec<ToldGroup>> {
    if property(client, "security.protocol")? != "plaintext" {
        return None;
    }
    answer(address).ok().and_then(|answer| read(&answer))
}

/// Returns a property as librdkafka was told it.
fn property(client: &Consumer, name: &str) -> Option<String> {
    let name = c_string(name);
    let mut value = vec![0u8; 64];
    let mut size = value.len();
    // SAFETY: the client is alive and owns its properties; at most `size` bytes are written.
    let result = unsafe {
        let properties = rd::rd_kafka_conf(native(client));
        rd::rd_kafka_conf_get(properties, name.as_ptr(), value.as_mut_ptr().cast(), &raw mut size)
    };
    if result != rd::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK {
        return None;
    }
    value.truncate(size.saturating_sub(1));
    String::from_utf8(value).ok()
}

fn answer(address: &str) -> io::Result<Vec<u8>> {
    let nowhere = || io::Error::from(io::ErrorKind::AddrNotAvailable);
    let address = address.to_socket_addrs()?.next().ok_or_else(nowhere)?;
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let length = u32::try_from(REQUEST.len()).unwrap_or(0).to_be_bytes();
    stream.write_all(&[&length, REQUEST].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MOST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut answer = Vec::new();
    stream.take(length.into()).read_to_end(&mut answer)?;
    Ok(answer)
}

/// Reads an answer; `None` if it is not one, or a refusal.
fn read(answer: &[u8]) -> Option<Vec<ToldGroup>> {
    let mut rest = Bytes(answer);
    let _correlation = rest.i32()?;
    skip_tags(&mut rest)?;
    let _throttled = rest.i32()?;
    if rest.i16()? != 0 {
        return None;
    }
    let count = rest.varint()?.saturating_sub(1);
    let mut groups = Vec::new();
    for _ in 0..count {
        let name = rest.compact_text()?.to_owned();
        let protocol_type = rest.compact_text()?;
        let state = rest.compact_text()?.to_owned();
        let kind = GroupKind::of(rest.compact_text()?, protocol_type);
        skip_tags(&mut rest)?;
        groups.push((name, kind, state));
    }
    Some(groups)
}

fn skip_tags(rest: &mut Bytes<'_>) -> Option<()> {
    for _ in 0..rest.varint()? {
        rest.varint()?;
        let length = rest.varint()?;
        rest.take(length)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let answer = b"\0\0\0\x01\0\0\0\0\0\0\0\x03\
            \x03s1\x06share\x06Empty\x06share\0\x02c\x08connect\x07Stable\x08classic\x01\x05\x02ab";
        let listed = |name: &str, kind, state: &str| (name.to_owned(), kind, state.to_owned());
        let connect = GroupKind::Other("connect".to_owned());
        let expected = vec![listed("s1", GroupKind::Share, "Empty"), listed("c", connect, "Stable")];
        assert_eq!(read(answer), Some(expected));
        for end in 0..answer.len() {
            assert_eq!(read(&answer[..end]), None, "{end}");
        }
        assert_eq!(read(b"\0\0\0\x01\0\0\0\0\0\0\x23\x01\0"), None, "this version is not known there");
    }
}
