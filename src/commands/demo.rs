//! `kcons demo`: the ordinary consumer on a broker inside the process.

use crate::cli;
use crate::error::{Failure, Kind};
use crate::handlers;
use crate::kafka::mock::MockBroker;
use crate::settings::{self, Consume, DEMO_TOPIC, Demo, StoreChoice};
use std::path::PathBuf;
use std::time::Duration;

/// The topic for dead letters, and for whatever a demo forwards.
pub const DEAD_LETTERS: &str = "task-created.dead";

const PARTITIONS: i32 = 3;
const GOES_ON_EVERY: Duration = Duration::from_secs(1);

/// Tasks of the demo: partition and title, in the order they are created.
const TASKS: [(i32, &str); 5] = [
    (0, "Buy groceries"),
    (1, "Water the plants"),
    (2, "Call the dentist"),
    (0, "Pay the rent"),
    (1, "Write to grandmother"),
];

/// # Errors
/// Wrong usage, no broker inside, or whatever ended the run early.
pub fn run(
    arguments: &cli::DemoOptions,
    connection: &cli::ConnectionOptions,
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let demo = super::resolve(|surroundings| Demo::resolve(arguments, connection, surroundings))?;
    let world = super::world()?;
    match demo {
        Demo::Run { mut consume, follow } => {
            if connection.print_config {
                return super::write(settings::print::table(&consume.connection.effective).as_bytes());
            }
            require_topics(&consume.written_topics())?;
            let broker = broker()?;
            consume.connection.set_brokers(&broker.address());
            if follow {
                keep_creating(broker);
            } else {
                // It has to outlive the run, and the process ends with it.
                std::mem::forget(broker);
            }
            let ids = own_folder_of_ids(&mut consume);
            let end = super::read(&consume, world, talk);
            if let Some(folder) = ids {
                // Only `--dedup` makes it.
                let _ = std::fs::remove_dir_all(folder);
            }
            end
        }
        Demo::Serve => serve(world, talk),
    }
}

/// Refuses to produce to a topic that the broker of the demo has not. Nobody can create one there: it ends with the run.
fn require_topics(written: &[String]) -> Result<(), Failure> {
    let Some(missing) = written.iter().find(|name| *name != DEAD_LETTERS) else { return Ok(()) };
    let failure = Failure::new(Kind::Missing, format!("topic `{missing}` does not exist"));
    let failure = failure.caused_by("this run produces to it, so it must exist");
    Err(failure.hint(format!("the demo has one topic to produce to: `{DEAD_LETTERS}`")))
}

/// What a broker has that ends with this process is new to the next run: ids are kept in a folder that goes too.
fn own_folder_of_ids(consume: &mut Consume) -> Option<PathBuf> {
    match &mut consume.handling.as_mut()?.dedup.as_mut()?.store {
        StoreChoice::InFolder(folder) => {
            folder.push(format!("demo-{}", std::process::id()));
            Some(folder.clone())
        }
        StoreChoice::File(_) | StoreChoice::Redis(_) => None,
    }
}

fn broker() -> Result<MockBroker, Failure> {
    let failure =
        |reason: String| Failure::new(Kind::Run, "cannot start the built-in broker").caused_by(reason);
    let broker = MockBroker::start().map_err(failure)?;
    for (topic, partitions) in [(DEMO_TOPIC, PARTITIONS), (DEAD_LETTERS, 1)] {
        broker.create_topic(topic, partitions).map_err(failure)?;
    }
    for (index, (partition, title)) in TASKS.iter().enumerate() {
        create(&broker, index, *partition, title).map_err(failure)?;
    }
    broker.flush().map_err(failure)?;
    Ok(broker)
}

fn create(broker: &MockBroker, index: usize, partition: i32, title: &str) -> Result<(), String> {
    let id = format!("task-{}", 123 + index);
    let value = serde_json::json!({"id": id, "title": title}).to_string();
    broker.produce(DEMO_TOPIC, partition, id.as_bytes(), value.as_bytes())
}

/// Creates a task every second for as long as the process lives.
fn keep_creating(broker: MockBroker) {
    let work = move || {
        for index in TASKS.len().. {
            std::thread::sleep(GOES_ON_EVERY);
            let (partition, title) = TASKS[index % TASKS.len()];
            // The broker is in this process: it only fails when that ends.
            let _ = create(&broker, index, partition, title).and_then(|()| broker.flush());
        }
    };
    // Without a thread there are no new tasks; the old ones are still there.
    let _ = std::thread::Builder::new().name("tasks".to_owned()).spawn(work);
}

fn serve(
    (mut alarm, shutdown): (crate::alarm::Alarm, crate::signals::Shutdown),
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let broker = broker()?;
    super::write(format!("KCONS_BROKERS={}\n", broker.address()).as_bytes())?;
    let mut talk = crate::talk::Talk::new(talk, true);
    talk.info("topics `task-created` and `task-created.dead`, a new task every second; Ctrl-C ends it");
    // The mock lets every rebalance but the first wait for almost a session, and cooperative ones come in pairs.
    talk.info(
        "start group members with `-X partition.assignment.strategy=cooperative-sticky -X \
         session.timeout.ms=6000`; one that starts after another waits for its partitions, about 5 to 10 s",
    );
    keep_creating(broker);
    while !shutdown.is_requested() {
        handlers::reap_orphans();
        if alarm.wait(Duration::from_secs(1), true).is_stdout_closed {
            break;
        }
    }
    talk.finish(std::time::Instant::now() + Duration::from_millis(500));
    Ok(())
}
