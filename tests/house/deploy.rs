//! Whether what is in `deploy` fits the program: each file that is copied exists, each command line is taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::pages::pages;
use crate::{all_files, read, root};

/// All documents of all manifests, with the file that each is in.
fn manifests() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for file in all_files("deploy/kubernetes") {
        let text = read(&file);
        for document in text.split("\n---\n") {
            let name = file.display().to_string();
            let value = serde_saphyr::from_str(document).unwrap_or_else(|error| panic!("{name}: {error}"));
            all.push((name, value));
        }
    }
    all
}

fn of_kind<'a>(manifests: &'a [(String, Value)], kind: &str) -> Vec<&'a Value> {
    manifests.iter().map(|(_, value)| value).filter(|value| value["kind"] == kind).collect()
}

/// What runs pods.
fn workloads(manifests: &[(String, Value)]) -> Vec<&Value> {
    [of_kind(manifests, "Deployment"), of_kind(manifests, "StatefulSet")].concat()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

#[test]
fn a_manifest_has_only_fields_that_kubernetes_knows() {
    let known = "spec.replicas spec.selector spec.template spec.strategy spec.serviceName spec.podManagementPolicy \
        spec.maxUnavailable spec.scaleTargetRef spec.minReplicaCount spec.maxReplicaCount spec.cooldownPeriod \
        spec.triggers spec.secretTargetRef spec.clusterIP spec.publishNotReadyAddresses spec.ports data type stringData apiVersion kind metadata spec";
    let of_pod =
        "terminationGracePeriodSeconds automountServiceAccountToken securityContext containers volumes";
    let of_container =
        "name image args env ports livenessProbe readinessProbe resources securityContext volumeMounts";
    let check = |value: &Value, prefix: &str, known: &str| {
        for name in value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys() {
            let name = format!("{prefix}{name}");
            assert!(known.split_whitespace().any(|word| word == name), "unknown field `{name}`");
        }
    };
    let all = manifests();
    for (file, value) in &all {
        check(value, "", known);
        let version = match text(&value["kind"]) {
            "ConfigMap" | "Secret" | "Service" => "v1",
            "Deployment" | "StatefulSet" => "apps/v1",
            "PodDisruptionBudget" => "policy/v1",
            "ScaledObject" | "TriggerAuthentication" => "keda.sh/v1alpha1",
            kind => panic!("{file}: `{kind}`"),
        };
        assert_eq!(
            (text(&value["apiVersion"]), text(&value["metadata"]["name"])),
            (version, "kcons"),
            "{file}"
        );
        if value.get("spec").is_some() {
            check(&value["spec"], "spec.", known);
        }
    }
    for workload in workloads(&all) {
        let template = &workload["spec"]["template"];
        assert_eq!(workload["spec"]["selector"]["matchLabels"], template["metadata"]["labels"]);
        check(&template["spec"], "", of_pod);
        check(&template["spec"]["containers"][0], "", of_container);
    }
}

#[test]
fn a_pod_lives_longer_than_a_shutdown_and_is_probed_where_it_listens() {
    let all = manifests();
    assert_eq!(workloads(&all).len(), 2);
    for workload in workloads(&all) {
        let pod = &workload["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let value = |option: &str| {
            let mut arguments = list(&container["args"]).iter().map(text);
            arguments
                .find_map(|argument| argument.strip_prefix(option))
                .unwrap_or_else(|| panic!("no {option}"))
        };
        let shutdown: u64 = value("--shutdown-timeout=").trim_end_matches('s').parse().expect("seconds");
        let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("seconds");
        assert!(Duration::from_secs(grace) > Duration::from_secs(shutdown), "{grace} s");
        let port = &container["ports"][0];
        assert_eq!(value("--metrics="), format!(":{}", port["containerPort"]));
        let annotation = &workload["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"];
        assert_eq!(text(annotation), port["containerPort"].to_string());
        for (probe, path) in [("livenessProbe", "/live"), ("readinessProbe", "/ready")] {
            let get = &container[probe]["httpGet"];
            assert_eq!((&get["path"], &get["port"]), (&Value::from(path), &port["name"]));
        }
        let image = format!("kcons:{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(text(&container["image"]), image);
    }
}

#[test]
fn the_arguments_of_each_container_are_those_of_the_program() {
    let all = manifests();
    let folder = tempfile::tempdir().expect("a folder");
    let config = of_kind(&all, "ConfigMap")[0]["data"].as_object().expect("an object");
    for (name, content) in config {
        fs::write(folder.path().join(name), text(content)).expect("written");
    }
    let secret = &of_kind(&all, "Secret")[0]["stringData"];
    for workload in workloads(&all) {
        let container = &workload["spec"]["template"]["spec"]["containers"][0];
        let mut variables = BTreeMap::new();
        for variable in list(&container["env"]) {
            let from = &variable["valueFrom"];
            let value = match from["secretKeyRef"]["key"].as_str() {
                Some(key) => text(&secret[key]).to_owned(),
                None => format!("value-of-{}", text(&from["fieldRef"]["fieldPath"])),
            };
            variables.insert(text(&variable["name"]).to_owned(), value);
        }
        let mount = text(&container["volumeMounts"][0]["mountPath"]);
        let expanded = |argument: &Value| {
            let here = text(argument).replace(mount, &folder.path().display().to_string());
            variables.iter().fold(here, |word, (name, value)| word.replace(&format!("$({name})"), value))
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_kcons"));
        command.env_clear().envs(&variables).args(list(&container["args"]).iter().map(expanded));
        let output = command.arg("--print-config").output().expect("the program can be started");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains("kafka-0.kafka:9092") && !shown.contains("change-me"), "{shown}");
        let is_static = workload["kind"] == "StatefulSet";
        assert_eq!(shown.contains("value-of-metadata.name"), is_static, "{shown}");
    }
}

#[test]
fn what_a_manifest_refers_to_is_in_the_manifests() {
    let all = manifests();
    let has = |kind: &str, name: &Value| {
        assert!(of_kind(&all, kind).iter().any(|value| &value["metadata"]["name"] == name), "{kind} {name}");
    };
    let secret = &of_kind(&all, "Secret")[0]["stringData"];
    for workload in workloads(&all) {
        let pod = &workload["spec"]["template"]["spec"];
        for volume in list(&pod["volumes"]) {
            has("ConfigMap", &volume["configMap"]["name"]);
        }
        let container = &pod["containers"][0];
        for mount in list(&container["volumeMounts"]) {
            assert!(list(&pod["volumes"]).iter().any(|volume| volume["name"] == mount["name"]), "{mount}");
        }
        let variables = list(&container["env"]).iter().map(|variable| &variable["valueFrom"]["secretKeyRef"]);
        for reference in variables.filter(|reference| !reference.is_null()) {
            has("Secret", &reference["name"]);
            assert!(secret[text(&reference["key"])].is_string(), "{reference}");
        }
    }
    has("Service", &of_kind(&all, "StatefulSet")[0]["spec"]["serviceName"]);
    let scaled = &of_kind(&all, "ScaledObject")[0]["spec"];
    has("Deployment", &scaled["scaleTargetRef"]["name"]);
    has("StatefulSet", &scaled["scaleTargetRef"]["name"]);
    has("TriggerAuthentication", &scaled["triggers"][0]["authenticationRef"]["name"]);
    for reference in list(&of_kind(&all, "TriggerAuthentication")[0]["spec"]["secretTargetRef"]) {
        has("Secret", &reference["name"]);
        assert!(secret[text(&reference["key"])].is_string(), "{reference}");
    }
    // What chooses pods by their labels, other than the workload itself.
    let labels = &workloads(&all)[0]["spec"]["template"]["metadata"]["labels"];
    for budget in of_kind(&all, "PodDisruptionBudget") {
        assert_eq!(&budget["spec"]["selector"]["matchLabels"], labels);
    }
    for service in of_kind(&all, "Service") {
        assert_eq!(&service["spec"]["selector"], labels);
        let port = &workloads(&all)[0]["spec"]["template"]["spec"]["containers"][0]["ports"][0];
        assert_eq!(service["spec"]["ports"][0]["targetPort"], port["name"]);
    }
}

#[test]
fn a_pod_has_no_rights_that_the_restricted_standard_forbids() {
    let all = manifests();
    let user = line_of(&read("deploy/Dockerfile"), "USER ");
    let (id, group) = user.split_once(':').expect("both as numbers, which Kubernetes can check");
    let (id, group): (u32, u32) = (id.parse().expect("a number"), group.parse().expect("a number"));
    assert!(id != 0 && group != 0, "{user}");
    for workload in workloads(&all) {
        let pod = &workload["spec"]["template"]["spec"];
        assert_eq!(
            pod["securityContext"],
            json!({
                "runAsNonRoot": true, "runAsUser": id, "runAsGroup": group,
                "seccompProfile": { "type": "RuntimeDefault" },
            })
        );
        let container = &pod["containers"][0];
        assert_eq!(
            container["securityContext"],
            json!({
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            })
        );
        for amount in [
            &container["resources"]["requests"]["cpu"],
            &container["resources"]["requests"]["memory"],
            &container["resources"]["limits"]["memory"],
        ] {
            assert!(amount.is_string(), "{container}");
        }
    }
}

#[test]
fn the_image_starts_the_program_it_was_given() {
    let dockerfile = read("deploy/Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().expect("an image");
    let entry: Vec<String> = serde_json::from_str(&line_of(last, "ENTRYPOINT ")).expect("no shell between");
    let copied = line_of(last, "COPY --from=build ");
    assert_eq!(copied.split_once(' '), Some(("/src/target/release/kcons", entry[0].as_str())));
    assert_eq!(entry.len(), 1, "{entry:?}");
}

fn line_of(dockerfile: &str, start: &str) -> String {
    let line = dockerfile.lines().find_map(|line| line.strip_prefix(start));
    line.unwrap_or_else(|| panic!("no line `{start}`")).to_owned()
}

#[test]
fn the_docs_name_each_file_of_the_folder() {
    let pods = read("docs/kubernetes.md");
    for file in all_files("deploy/kubernetes") {
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        assert!(pods.contains(&format!("\n| `{name}` | ")), "{name}");
    }
}

#[test]
fn scaling_looks_at_the_group_and_the_topic_that_are_consumed() {
    let all = manifests();
    let trigger = &of_kind(&all, "ScaledObject")[0]["spec"]["triggers"][0]["metadata"];
    let properties = text(&of_kind(&all, "ConfigMap")[0]["data"]["kafka.properties"]);
    assert!(properties.contains(&format!("bootstrap.servers={}\n", text(&trigger["bootstrapServers"]))));
    for workload in workloads(&all) {
        let arguments = list(&workload["spec"]["template"]["spec"]["containers"][0]["args"]);
        assert_eq!(arguments[1], trigger["topic"]);
        assert_eq!(text(&arguments[2]), format!("--group={}", text(&trigger["consumerGroup"])));
    }
}

#[test]
fn what_the_image_copies_is_enough_for_cargo() {
    let folder = tempfile::tempdir().expect("a folder");
    let dockerfile = read("deploy/Dockerfile");
    let copies = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--"));
    for line in copies {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (sources, target) = words.split_at(words.len() - 1);
        for source in sources {
            let target = folder.path().join(target[0]);
            copy(&root().join(source), &if target.ends_with(source) { target } else { target.join(source) });
        }
    }
    // Cargo refuses a manifest that names a test or a benchmark that is not there.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--offline", "--locked", "--no-deps", "--format-version=1"]).current_dir(root());
    let output = cargo.output().expect("cargo can be started");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    for target in list(&metadata["packages"][0]["targets"]) {
        let file = Path::new(text(&target["src_path"])).strip_prefix(root()).expect("a file of the project");
        assert!(folder.path().join(file).is_file(), "{} is not copied", file.display());
    }
    let default =
        dockerfile.lines().rev().find_map(|line| line.strip_prefix("CMD ")).expect("it has a default");
    let words: Vec<String> = serde_json::from_str(default).expect("the form without a shell");
    let output = Command::new(env!("CARGO_BIN_EXE_kcons")).args(words).output().expect("it can be started");
    assert!(output.status.success());
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return;
    }
    fs::create_dir_all(to).expect("the folder is ours");
    let entries = fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    for entry in entries.map(|entry| entry.expect("the project can be read")) {
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

#[test]
fn workflows_run_what_the_project_has() {
    let mut commands = Vec::new();
    for file in all_files(".github/workflows") {
        let workflow: Value = serde_saphyr::from_str(&read(&file)).unwrap_or_else(|error| panic!("{error}"));
        for job in workflow["jobs"].as_object().expect("an object").values() {
            let steps = list(&job["steps"]).iter().filter_map(|step| step["run"].as_str());
            commands.extend(steps.map(str::to_owned));
        }
    }
    let named: Vec<&str> = commands
        .iter()
        .flat_map(|command| command.split_whitespace())
        .filter(|word| [".ci/", "tools/"].iter().any(|folder| word.starts_with(folder)))
        .collect();
    assert_eq!(named, [".ci/run", "tools/package.sh"]);
    for file in named {
        assert!(root().join(file).is_file(), "{file}");
    }
    // As the release finds it, compared with the tag.
    let manifest = read("Cargo.toml");
    let first = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    assert_eq!(first, Some(format!("\"{}\"", env!("CARGO_PKG_VERSION")).as_str()));
}

#[test]
fn a_package_has_only_files_that_there_are() {
    let manifest = read("Cargo.toml");
    let assets =
        manifest.split("\nassets = [\n").nth(1).and_then(|rest| rest.split("\n]").next()).expect("assets");
    let sources = assets.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next());
    let sources: Vec<&str> = sources.filter(|source| !source.starts_with("target/")).collect();
    assert_eq!(sources.len(), 8, "{sources:?}");
    for source in sources {
        match source.split_once("/*") {
            Some((folder, kind)) => {
                let mut files = all_files(folder).into_iter();
                assert!(files.any(|file| file.display().to_string().ends_with(kind)), "{source}");
            }
            None => assert!(root().join(source).is_file(), "{source}"),
        }
    }
}

#[test]
fn a_package_and_an_archive_have_every_page_and_picture() {
    let (manifest, workflow) = (read("Cargo.toml"), read(".github/workflows/release.yml"));
    let archived = workflow.lines().find_map(|line| line.trim().strip_prefix("cp -r ")).expect("an archive");
    for page in pages() {
        let folder = page.file.parent().expect("a relative path").display().to_string();
        let (packed, copied) = match folder.as_str() {
            "" => (format!("    [\"{}\", \"usr/share/doc/kcons/\"", page.file.display()), "*.md".to_owned()),
            _ => (format!("    [\"{folder}/*.md\", \"usr/share/doc/kcons/{folder}/\""), folder),
        };
        assert!(manifest.contains(&packed), "{packed}");
        assert!(archived.split(' ').any(|word| word == copied), "{copied}");
    }
    assert!(manifest.contains("    [\"pictures/*.svg\", \"usr/share/doc/kcons/pictures/\""));
    assert!(archived.contains(" pictures "), "{archived}");
}
