//! kcons on librdkafka's mock broker, and the support of both suites.

mod support;

mod mock {
    mod demo;
    mod oracle;
    mod support;
}
