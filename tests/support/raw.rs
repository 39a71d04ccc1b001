//! Members of groups that no client of ours could be: Kafka's protocol, byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::kafka::Kafka;
use super::waiting::wait_until;

/// A member that does no more than join; the group keeps it until its session is over.
pub struct RawMember {
    connection: TcpStream,
    requests: i32,
}

const LIMIT: Duration = Duration::from_secs(30);

impl Kafka {
    /// Joins a share group.
    pub fn join_share_group(&self, group: &str, topic: &str) -> RawMember {
        let mut member = RawMember::connect(self, group);
        // ShareGroupHeartbeat 1: group, member, epoch 0, no rack, one topic.
        let body = [
            compact(group),
            compact("share-member"),
            0i32.to_be_bytes().into(),
            vec![0, 2],
            compact(topic),
            vec![0],
        ];
        member.ask_until_well(76, 1, true, &body.concat());
        member
    }

    /// Joins a streams group.
    pub fn join_streams_group(&self, group: &str, topic: &str) -> RawMember {
        let mut member = RawMember::connect(self, group);
        // StreamsGroupHeartbeat 0: one subtopology that reads one topic; nothing is at work yet.
        let topology =
            [vec![1, 0, 0, 0, 0, 2], compact("0"), vec![2], compact(topic), vec![1, 1, 1, 1, 1, 0, 0]];
        let body = [
            compact(group),
            compact("streams-member"),
            vec![0; 8],
            vec![0, 0],
            30_000i32.to_be_bytes().into(),
            topology.concat(),
            vec![1, 1, 1],
            compact("process"),
            vec![0xff, 1, 0, 0, 0, 0],
        ];
        member.ask_until_well(88, 0, true, &body.concat());
        member
    }

    /// Joins a classic group of members of this type as its only one, and assigns itself these bytes.
    pub fn join_classic_group(&self, group: &str, kind: &str, assignment: &[u8]) -> RawMember {
        let mut member = RawMember::connect(self, group);
        // JoinGroup 2: group, session and rebalance time-out, no id yet, one protocol.
        let body = [
            text(group),
            300_000i32.to_be_bytes().into(),
            30_000i32.to_be_bytes().into(),
            text(""),
            text(kind),
            1i32.to_be_bytes().into(),
            text("range"),
            bytes(&[0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
        ];
        let joined = member.ask_until_well(11, 2, false, &body.concat());
        // Behind correlation, throttle time and error: generation, protocol, leader, ourselves.
        let generation = &joined[10..14];
        let mut rest = &joined[14..];
        let mut next = || {
            let (length, tail) = rest.split_at(2);
            let (word, tail) = tail.split_at(u16::from_be_bytes([length[0], length[1]]).into());
            rest = tail;
            String::from_utf8(word.to_vec()).expect("it is text")
        };
        let (_, _, own) = (next(), next(), next());
        // SyncGroup 1: the leader says who gets what.
        let body = [
            text(group),
            generation.to_vec(),
            text(&own),
            1i32.to_be_bytes().into(),
            text(&own),
            bytes(assignment),
        ];
        member.ask_until_well(14, 1, false, &body.concat());
        member
    }
}

impl RawMember {
    fn connect(kafka: &Kafka, group: &str) -> RawMember {
        // Asks for the coordinator, which makes the topic of all offsets.
        kafka.committed(group);
        let brokers = kafka.brokers();
        let first = brokers.split(',').next().expect("there is one");
        let connection = TcpStream::connect(first).expect("the broker serves");
        connection.set_read_timeout(Some(LIMIT)).expect("it is not zero");
        RawMember { connection, requests: 0 }
    }

    /// Sends a request and gives the answer, from its correlation id on.
    fn ask(&mut self, key: i16, version: i16, is_flexible: bool, body: &[u8]) -> Vec<u8> {
        self.requests += 1;
        let tags: &[u8] = if is_flexible { &[0] } else { &[] };
        let head = [
            &key.to_be_bytes()[..],
            &version.to_be_bytes(),
            &self.requests.to_be_bytes(),
            &text("raw"),
            tags,
        ];
        let request = [&head.concat(), body].concat();
        self.connection.write_all(&bytes(&request)).expect("the broker listens");
        let mut length = [0; 4];
        self.connection.read_exact(&mut length).expect("the broker answers");
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.connection.read_exact(&mut answer).expect("the broker answers");
        answer
    }

    /// The same, again and again while the coordinator of the group is being made.
    fn ask_until_well(&mut self, key: i16, version: i16, is_flexible: bool, body: &[u8]) -> Vec<u8> {
        // Behind the correlation id, tags in newer versions, and the throttle time.
        let place = if is_flexible { 9 } else { 8 };
        wait_until("the group to take a member", LIMIT, || {
            let answer = self.ask(key, version, is_flexible, body);
            (answer[place..place + 2] == [0, 0]).then_some(answer)
        })
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as i16).to_be_bytes(), text.as_bytes()].concat()
}

fn compact(text: &str) -> Vec<u8> {
    [&[text.len() as u8 + 1], text.as_bytes()].concat()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as i32).to_be_bytes(), bytes].concat()
}
