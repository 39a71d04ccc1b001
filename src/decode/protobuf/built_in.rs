//! Files that come with every compiler or client, so that neither registries nor folders have them.

/// One text for each package and syntax; which files it stands for, is in `has`.
pub(super) const TEXTS: &[&str] = &[
    include_str!("built_in/google_protobuf.proto"),
    include_str!("built_in/google_protobuf_descriptor.proto"),
    include_str!("built_in/google_type.proto"),
    include_str!("built_in/google_rpc.proto"),
    include_str!("built_in/confluent.proto"),
    include_str!("built_in/confluent_type.proto"),
];

/// Whether the texts define all that a record can have of an imported file.
pub(super) fn has(import: &str) -> bool {
    let (folder, file) = import.rsplit_once('/').unwrap_or_default();
    match folder {
        // All of them but those of a compiler's plugins, which stand in a folder of their own: their messages are in no record.
        "google/protobuf" | "google/type" => true,
        "google/rpc" => file == "status.proto",
        "confluent" => file == "meta.proto",
        // Both spellings are in use.
        "confluent/type" | "confluent/types" => file == "decimal.proto",
        _ => false,
    }
}
