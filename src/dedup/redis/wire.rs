//! A connection to Redis that takes only valid answers, which are no larger than what was asked for can be.

use redis::{Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, RedisResult, Value};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest text in an answer. Our questions have numbers and short words for answers, so anything longer does
/// not come from Redis.
const LONGEST: usize = 64 << 10;

/// How deep lists may be nested: an answer is at most a list of lists.
const DEEPEST: usize = 2;

/// How many bytes one answer may take.
const LARGEST: usize = 1 << 20;

pub struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    /// Connects and logs in. `limit` applies to connecting and later to each answer.
    ///
    /// # Errors
    /// Nobody answers, or the login is refused.
    pub fn open(info: &ConnectionInfo, limit: Duration) -> RedisResult<Wire> {
        let stream = connect(info.addr(), limit)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        let mut wire = Wire { stream: BufReader::new(stream) };
        let settings = info.redis_settings();
        if let Some(password) = settings.password() {
            let mut log_in = redis::cmd("AUTH");
            log_in.arg(settings.username()).arg(password);
            wire.ask(&log_in)?;
        }
        if settings.db() != 0 {
            wire.ask(redis::cmd("SELECT").arg(settings.db()))?;
        }
        wire.ask(&redis::cmd("PING"))?;
        Ok(wire)
    }

    /// Sends a command and returns its answer.
    ///
    /// # Errors
    /// The server refuses, is away, or sends something that is no answer.
    pub fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answers = self.ask_all(std::slice::from_ref(command))?;
        answers.into_iter().next().ok_or_else(|| odd("there is none"))
    }

    /// Sends several commands together and returns their answers.
    ///
    /// # Errors
    /// As with `ask`; the first refusal counts for all.
    pub fn ask_all(&mut self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        let packed: Vec<u8> = commands.iter().flat_map(Cmd::get_packed_command).collect();
        self.stream.get_mut().write_all(&packed)?;
        // All answers are read, so that none is taken for the answer to the next question.
        let mut refusal = None;
        let mut answers = Vec::with_capacity(commands.len());
        for _ in commands {
            match self.answer(0, &mut { LARGEST })? {
                Value::ServerError(error) => drop(refusal.get_or_insert(error)),
                answer => answers.push(answer),
            }
        }
        refusal.map_or(Ok(answers), |error| Err(error.into()))
    }

    /// Reads one value of version 2 of the protocol
    /// (<https://redis.io/docs/latest/develop/reference/protocol-spec/>) and subtracts its bytes from those that are
    /// `left`.
    fn answer(&mut self, depth: usize, left: &mut usize) -> RedisResult<Value> {
        let line = self.line()?;
        spend(left, line.len() + size_of::<Value>())?;
        let (kind, rest) = line.split_first().ok_or_else(|| odd("an empty line"))?;
        let text = str::from_utf8(rest).map_err(|_| odd("not text"))?;
        let number = || text.parse::<i64>().ok();
        match kind {
            b'+' => Ok(Value::SimpleString(text.to_owned())),
            b'-' => redis::parse_redis_value(&[&line[..], b"\r\n"].concat()),
            b':' => number().map(Value::Int).ok_or_else(|| odd("not a number")),
            b'$' | b'*' => match number() {
                Some(-1) => Ok(Value::Nil),
                Some(length) => match usize::try_from(length) {
                    Ok(length) if length <= LONGEST && *kind == b'$' => {
                        spend(left, length)?;
                        self.bytes(length)
                    }
                    Ok(length) if length <= LONGEST && depth < DEEPEST => {
                        // No memory is reserved for a length that a stranger sends.
                        (0..length)
                            .map(|_| self.answer(depth + 1, left))
                            .collect::<Result<_, _>>()
                            .map(Value::Array)
                    }
                    Ok(_) | Err(_) => Err(odd("too large")),
                },
                None => Err(odd("not a length")),
            },
            _ => Err(odd("of an unknown kind")),
        }
    }

    /// Reads a line, without its line break.
    fn line(&mut self) -> RedisResult<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.stream).take(LONGEST as u64).read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(text) => Ok(text.to_vec()),
            None if line.len() >= LONGEST => Err(odd("too large")),
            None if line.ends_with(b"\n") => Err(odd("an unfinished line")),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }

    fn bytes(&mut self, length: usize) -> RedisResult<Value> {
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes)?;
        if !bytes.ends_with(b"\r\n") {
            return Err(odd("longer than it says"));
        }
        bytes.truncate(length);
        Ok(Value::BulkString(bytes))
    }
}

/// Subtracts bytes from those that are left, or refuses the answer.
fn spend(left: &mut usize, bytes: usize) -> RedisResult<()> {
    *left = left.checked_sub(bytes).ok_or_else(|| odd("too large"))?;
    Ok(())
}

fn connect(address: &ConnectionAddr, limit: Duration) -> RedisResult<TcpStream> {
    let ConnectionAddr::Tcp(host, port) = address else {
        return Err((ErrorKind::InvalidClientConfig, "not a TCP address").into());
    };
    let mut failure = io::Error::other("no such host");
    for address in (host.as_str(), *port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure.into())
}

/// An answer that Redis would not give.
pub fn odd(what: &'static str) -> RedisError {
    (ErrorKind::Parse, "unexpected answer", what.to_owned()).into()
}
