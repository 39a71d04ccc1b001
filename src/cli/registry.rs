//! Options of a schema registry.

use clap::Args;

/// Where schemas come from.
#[derive(Args, Debug, Default)]
pub struct RegistryOptions {
    /// Decode by schemas of this registry [env: KCONS_REGISTRY]
    ///
    /// Keys and values that name a schema of the registry, in Confluent's wire format or in a header,
    /// are decoded by it: Avro, Protobuf and JSON Schema. Others stay as they are. With several URLs
    /// (U,V) the next one is asked if one does not answer. `schema.registry.url` in a properties file
    /// serves, too.
    ///
    /// Example: kcons consume orders --registry http://localhost:8081
    #[arg(long, value_name = "URL", help_heading = "Decoding")]
    pub registry: Option<String>,
    /// Log in to the registry as USER with PASSWORD
    ///
    /// `env:NAME` and `file:PATH` read it from a variable or a file, which keeps it out of `ps`.
    ///
    /// Example: --registry-user env:REGISTRY_LOGIN
    #[arg(long, value_name = "USER:PASSWORD", help_heading = "Decoding")]
    pub registry_user: Option<String>,
    /// Log in to the registry with a bearer token
    ///
    /// Example: --registry-token file:/run/secrets/registry-token
    #[arg(long, value_name = "TOKEN", help_heading = "Decoding")]
    pub registry_token: Option<String>,
    /// Trust the authorities in this PEM file for the registry
    ///
    /// Default: those of the system.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Decoding")]
    pub registry_ca: Option<String>,
    /// Show the registry the client certificate in this PEM file
    ///
    /// The file may hold the key, too.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Decoding")]
    pub registry_cert: Option<String>,
    /// Key of the client certificate for the registry, in PEM
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Decoding")]
    pub registry_key: Option<String>,
}
