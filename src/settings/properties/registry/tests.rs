//! What the properties of a registry come to.

use super::*;
use crate::error::Kind;
use crate::registry::RegistryLogin;
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::X509;

fn given(origin: &PropertyOrigin, values: &[(&str, &str)]) -> RegistryProperties {
    let mut registry = RegistryProperties::default();
    for (name, value) in values {
        let name = RegistryProperties::name_of(name).expect("a property of a registry");
        registry.insert(name, PropertyValue::plain(*value, origin.clone()));
    }
    registry
}

fn of_file(values: &[(&str, &str)]) -> RegistryProperties {
    given(&PropertyOrigin::File("f".to_owned()), values)
}

fn resolved(registry: RegistryProperties) -> Result<Option<RegistrySettings>, Failure> {
    let mut properties = Properties { registry, ..Properties::default() };
    properties.set("sasl.username", "alice", PropertyOrigin::Property);
    properties.set("sasl.password", "s3cret", PropertyOrigin::Property);
    resolve(&mut properties, UnionNames::Hidden)
}

fn login_of(registry: RegistryProperties) -> Option<RegistryLogin> {
    resolved(registry).expect("valid").expect("a registry").login
}

fn user(login: &str) -> Option<RegistryLogin> {
    Some(RegistryLogin::User(login.to_owned()))
}

const AT_H: (&str, &str) = (URL, "http://h:1/");

#[test]
fn names_are_known_with_and_without_their_prefix() {
    for (name, expected) in [
        ("schema.registry.url", Some(URL)),
        ("basic.auth.user.info", Some(USER)),
        ("schema.registry.basic.auth.user.info", Some(USER)),
        ("schema.registry.bearer.auth.token", Some(TOKEN)),
        ("schema.registry.ssl.ca.location", Some(CA)),
        ("schema.registry.ssl.truststore.type", Some("schema.registry.ssl.truststore.type")),
        ("url", None),
        ("ssl.ca.location", None),
        ("schema.registry.group.id", None),
        ("schema.registry.ssl.protocol", None),
        ("schema.registry.ulr", None),
        ("bearer.auth.logical.cluster", None),
    ] {
        assert_eq!(RegistryProperties::name_of(name), expected, "{name}");
    }
}

#[test]
fn names_of_java_are_known_and_others_are_not() {
    for name in [
        "schema.registry.group.id",
        "schema.registry.max.retries",
        "schema.registry.request.header.X-Team",
        "schema.registry.ssl.protocol",
        "schema.registry.bearer.auth.logical.cluster",
        "bearer.auth.identity.pool.id",
    ] {
        assert!(names::is_java_alone(name), "{name}");
    }
    for (name, near) in [
        ("schema.registry.ulr", URL),
        ("schema.registry.ssl.truststore.locatoin", "schema.registry.ssl.truststore.location"),
        ("basic.auth.user.inof", USER),
        ("bearer.auth.tokn", TOKEN),
        ("schema.registry.basic.auth.userinfo", "schema.registry.basic.auth.user.info"),
    ] {
        assert!(!names::is_java_alone(name) && names::canonical(name).is_none(), "{name}");
        assert_eq!(names::near(name), [near]);
    }
}

#[test]
fn a_registry_is_where_its_url_says() {
    assert_eq!(resolved(RegistryProperties::default()), Ok(None));
    assert_eq!(resolved(of_file(&[(URL, "")])), Ok(None), "an empty one switches it off");
    let settings = resolved(of_file(&[(URL, "http://a:1/, https://u:p@b/x")])).expect("valid").expect("one");
    let urls: Vec<_> = settings.urls.iter().map(|url| (url.url.as_str(), url.login.clone())).collect();
    assert_eq!(urls, [("http://a:1", None), ("https://b/x", user("u:p"))]);
    let failure = resolved(of_file(&[(URL, "h:1")])).expect_err("no scheme");
    assert_eq!(failure.message, "invalid value `h:1` for `schema.registry.url` in `f`");
    assert_eq!(failure.hint.as_deref(), Some("did you mean `http://h:1`?"));
    assert!(resolved(of_file(&[(URL, " , ")])).is_err());
}

#[test]
fn a_login_comes_from_the_source_that_is_named() {
    assert_eq!(login_of(of_file(&[AT_H])), None);
    assert_eq!(login_of(of_file(&[AT_H, (USER, "u:p")])), user("u:p"));
    assert_eq!(login_of(of_file(&[AT_H, (USER, "u:p"), (USER_SOURCE, "user_info")])), user("u:p"));
    assert_eq!(login_of(of_file(&[AT_H, (USER, "u:p"), (USER_SOURCE, "URL")])), None);
    assert_eq!(login_of(of_file(&[AT_H, (USER_SOURCE, "SASL_INHERIT")])), user("alice:s3cret"));
    let inherited = [AT_H, (USER, "u:p"), (USER_SOURCE, "SASL_INHERIT")];
    assert_eq!(login_of(of_file(&inherited)), user("alice:s3cret"));
    let token = Some(RegistryLogin::Token("t".to_owned()));
    assert_eq!(login_of(of_file(&[AT_H, (TOKEN, "t"), (TOKEN_SOURCE, "STATIC_TOKEN")])), token);
    for (values, message) in [
        (
            &[AT_H, (TOKEN_SOURCE, "OAUTHBEARER")][..],
            "`bearer.auth.credentials.source=OAUTHBEARER` is not built in",
        ),
        (
            &[AT_H, (USER, "u:p"), (TOKEN, "t")],
            "`basic.auth.user.info` and `bearer.auth.token` cannot be used together",
        ),
        (
            &[AT_H, (USER_SOURCE, "USER_INFO")],
            "`basic.auth.credentials.source=USER_INFO` needs `basic.auth.user.info`",
        ),
        (&[AT_H, (USER, "s3cret")], "`basic.auth.user.info` is not of the form USER:PASSWORD"),
        (&[AT_H, (TOKEN, "a\nb")], "`bearer.auth.token` has invalid characters"),
    ] {
        let failure = resolved(of_file(values)).expect_err(message);
        assert_eq!(failure.message, message);
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
    }
}

/// The logins of the URLs, and the one for those without.
fn logins_of(registry: RegistryProperties) -> (Vec<Option<RegistryLogin>>, Option<RegistryLogin>) {
    let settings = resolved(registry).expect("valid").expect("a registry");
    (settings.urls.into_iter().map(|url| url.login).collect(), settings.login)
}

#[test]
fn the_source_decides_between_the_login_of_the_url_and_another() {
    let of_bob = (URL, "http://bob:x@h, http://h");
    let alice = (USER, "alice:y");
    let bob = vec![user("bob:x"), None];
    let nobody = vec![None, None];
    assert_eq!(
        logins_of(of_file(&[of_bob, alice, (USER_SOURCE, "USER_INFO")])),
        (nobody.clone(), user("alice:y"))
    );
    assert_eq!(logins_of(of_file(&[of_bob, alice, (USER_SOURCE, "URL")])), (bob.clone(), None));
    assert_eq!(logins_of(of_file(&[of_bob, alice])), (bob, user("alice:y")));
    let inherited = logins_of(of_file(&[of_bob, (USER_SOURCE, "SASL_INHERIT")]));
    assert_eq!(inherited, (nobody.clone(), user("alice:s3cret")));
    // What is typed goes before the URL of a file.
    for (name, login) in [(USER, user("alice:y")), (TOKEN, Some(RegistryLogin::Token("alice:y".to_owned())))]
    {
        let mut registry = of_file(&[of_bob]);
        registry.overlay(given(&PropertyOrigin::Option, &[(name, "alice:y")]));
        assert_eq!(logins_of(registry), (nobody.clone(), login));
        let both = given(&PropertyOrigin::Option, &[of_bob, (name, "alice:y")]);
        assert!(
            resolved(both).is_err_and(|failure| failure.message.ends_with("with a URL that names a user"))
        );
    }
}

#[test]
fn messages_know_what_set_the_login() {
    let name = |registry| resolved(registry).expect("valid").expect("a registry").names;
    let names = name(of_file(&[AT_H, (USER, "u:p")]));
    assert_eq!(names.login.as_deref(), Some("`basic.auth.user.info` in `f`"));
    assert_eq!(names.url, "`schema.registry.url` in `f`");
    let names = name(given(&PropertyOrigin::Option, &[AT_H, (TOKEN, "t")]));
    assert_eq!((names.url.as_str(), names.login.as_deref()), ("`--registry`", Some("`--registry-token`")));
}

#[test]
fn what_has_no_use_without_encryption_is_noted() {
    let mut properties = Properties { registry: of_file(&[AT_H, (CA, "/no/such")]), ..Properties::default() };
    assert!(resolve(&mut properties, UnionNames::Hidden).is_ok());
    let note = "ignoring `schema.registry.ssl.ca.location` in `f`: the registry's URL starts with http://, \
                which is not encrypted";
    assert_eq!(properties.notes, [note]);
    let store = ("schema.registry.ssl.truststore.location", "/no/such");
    let typed = resolved(given(&PropertyOrigin::Property, &[AT_H, store]));
    assert!(typed.is_err_and(|failure| failure.message.contains("truststore.location` has no effect")));
}

#[test]
fn a_login_for_one_registry_is_not_sent_to_another() {
    let mut registry = of_file(&[AT_H, (USER, "u:p"), (CA, "ca.pem")]);
    let notes = registry.overlay(given(&PropertyOrigin::Option, &[(URL, "http://other")]));
    assert_eq!(notes, ["ignoring `basic.auth.user.info` in `f`: it is for another registry"]);
    assert_eq!(login_of(registry), None);
    // The same one may be named twice, and a login may come alone.
    for typed in [AT_H, (USER, "u:p")] {
        let mut registry = of_file(&[AT_H, (USER, "u:p")]);
        assert_eq!(registry.overlay(given(&PropertyOrigin::Option, &[typed])), [""; 0]);
        assert_eq!(login_of(registry), user("u:p"));
    }
    let mut without_url = of_file(&[(USER, "u:p")]);
    without_url.overlay(given(&PropertyOrigin::Option, &[AT_H]));
    assert_eq!(login_of(without_url), user("u:p"));
}

#[test]
fn a_typed_login_goes_before_one_of_another_kind_in_a_file() {
    let mut registry = of_file(&[AT_H, (TOKEN, "t")]);
    registry.overlay(given(&PropertyOrigin::Option, &[(USER, "u:p")]));
    assert_eq!(login_of(registry), user("u:p"));
    let both = [(URL, "http://a:b@h"), (USER, "u:p")];
    assert!(resolved(given(&PropertyOrigin::Option, &both)).is_err_and(|failure| {
        failure.message == "`--registry-user` cannot be used with a URL that names a user"
    }));
}

#[test]
fn what_a_java_client_trusts_is_translated_or_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("trust.jks");
    std::fs::write(&store, [0xfe, 0xed, 0xfe, 0xed, 0]).expect("written");
    let store = store.to_str().expect("text");
    let name = "schema.registry.ssl.truststore.location";
    let failure = resolved(of_file(&[(URL, "https://h"), (name, store)])).expect_err("JKS");
    assert_eq!(failure.message, format!("`{name}` cannot be translated: `{store}` is a JKS store"));
    // Nobody needs it without encryption, or with an authority in PEM.
    assert!(resolved(of_file(&[AT_H, (name, store)])).is_ok());
    let (pem, _) = self_signed();
    let name = "schema.registry.ssl.truststore.certificates";
    // Java takes it on one line, too.
    let settings = resolved(of_file(&[(URL, "https://h"), (name, &pem.replace('\n', " "))]));
    let settings = settings.expect("valid").expect("one");
    assert!(matches!(settings.authorities, Authorities::Pem(text) if text.trim() == pem.trim()));
    let failure = resolved(of_file(&[(URL, "https://h"), (name, "AAAA")])).expect_err("no certificate");
    assert_eq!(failure.message, format!("cannot use `{name}`"));
}

#[test]
fn files_of_certificates_and_keys_are_checked_before_anything_is_connected() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let ((certificate, key), (_, other)) = (self_signed(), self_signed());
    let (wrong_store, right_store) = (
        file("wrong.pem", &(certificate.clone() + &other)),
        file("right.pem", &(key.clone() + &certificate)),
    );
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let damaged_store = file("damaged.pem", &(damaged.to_owned() + &key));
    let paths = [file("c.pem", &certificate), file("k.pem", &key), file("o.pem", &other)];
    let [certificate, key, other] = paths.each_ref().map(String::as_str);
    let (trust, keys) = ("schema.registry.ssl.truststore.location", "schema.registry.ssl.keystore.location");
    let trust_type = ("schema.registry.ssl.truststore.type", "PEM");
    let key_type = ("schema.registry.ssl.keystore.type", "PEM");
    for (values, message, cause) in [
        (
            &[trust_type, (trust, "/no/such")][..],
            "cannot read `/no/such`".to_owned(),
            "No such file or directory",
        ),
        (&[trust_type, (trust, key)], format!("cannot read `{key}`"), "there is no certificate to trust"),
        (
            &[(CA, &damaged_store)],
            format!("cannot read `{damaged_store}`"),
            "there is no certificate to trust",
        ),
        (&[key_type, (keys, "/no/such")], "cannot read `/no/such`".to_owned(), "No such file or directory"),
        (
            &[(CERTIFICATE, certificate), (KEY, "/no/such")],
            "cannot read `/no/such`".to_owned(),
            "No such file or directory",
        ),
        (
            &[(CERTIFICATE, certificate), (KEY, other)],
            format!("cannot use `{CERTIFICATE}` with `{KEY}`"),
            "the key does not belong to the certificate",
        ),
        (
            &[(keys, &wrong_store)],
            format!("cannot use `{keys}`"),
            "the key in it does not belong to the first certificate in it",
        ),
        (&[(keys, &damaged_store)], format!("cannot use `{keys}`"), "the certificate or its key is damaged"),
    ] {
        let values: Vec<_> = values.iter().copied().chain([(URL, "https://h")]).collect();
        let failure = resolved(of_file(&values)).expect_err(&message);
        assert_eq!((failure.kind, failure.message.as_str()), (Kind::Usage, message.as_str()), "{failure:?}");
        assert_eq!(failure.causes, [cause], "{failure:?}");
    }
    for values in [&[(CERTIFICATE, certificate), (KEY, key)][..], &[(keys, &right_store)]] {
        let values: Vec<_> = values.iter().copied().chain([(URL, "https://h")]).collect();
        assert!(resolved(of_file(&values)).is_ok_and(|one| one.is_some_and(|one| one.identity.is_some())));
    }
    let half = ("schema.registry.ssl.keystore.certificate.chain", "x");
    assert!(
        resolved(of_file(&[(URL, "https://h"), half]))
            .is_err_and(|failure| { failure.message.ends_with("needs `schema.registry.ssl.keystore.key`") })
    );
}

/// A certificate and its key in PEM.
fn self_signed() -> (String, String) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("OpenSSL has it");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let mut builder = X509::builder().expect("memory");
    builder.set_pubkey(&key).expect("it is one");
    builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a time");
    builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("a time");
    builder.sign(&key, MessageDigest::sha256()).expect("it signs");
    let text = |pem: Vec<u8>| String::from_utf8(pem).expect("text");
    let certificate = builder.build().to_pem().expect("PEM");
    (text(certificate), text(key.private_key_to_pem_pkcs8().expect("PEM")))
}
