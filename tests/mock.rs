//! kcons on librdkafka's mock broker, and the support of both suites.

mod support;

mod mock {
    mod demo;
    mod options;
    mod oracle;
    mod support;
    mod talk;
}
