//! kcons on librdkafka's mock broker, and the support of both suites.

mod support;

mod mock {
    mod commit_errors;
    mod completion;
    mod connection;
    mod demo;
    mod docs;
    mod handlers;
    mod jq;
    mod manual;
    mod metrics;
    mod operations;
    mod options;
    mod oracle;
    mod order;
    mod progress;
    mod registry;
    mod schemas;
    mod screens;
    mod signals;
    mod silence;
    mod support;
    mod talk;
}
