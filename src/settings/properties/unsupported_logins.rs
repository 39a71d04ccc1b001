//! Kinds of login that Java clients have and kcons does not: refused by name, with what to use instead.

use crate::error::Failure;

/// A kind of login that is not built in, and how files ask for it.
struct UnsupportedLogin {
    name: &'static str,
    /// The mechanism of SASL; empty if there is none for this login alone.
    mechanism: &'static str,
    /// Java classes of login modules and callback handlers, without their packages.
    classes: &'static [&'static str],
    instead: &'static str,
}

const KERBEROS: &str = "use a listener of the cluster with SCRAM, PLAIN, OAUTHBEARER or client certificates";

const LOGINS: [UnsupportedLogin; 4] = [
    UnsupportedLogin {
        name: "AWS_MSK_IAM",
        mechanism: "AWS_MSK_IAM",
        classes: &["IAMLoginModule", "IAMClientCallbackHandler"],
        instead: "use SCRAM-SHA-512 or a client certificate, which Amazon MSK offers too",
    },
    UnsupportedLogin {
        name: "AWS IAM tokens",
        mechanism: "",
        classes: &["IAMOAuthBearerLoginCallbackHandler"],
        instead: "use SCRAM-SHA-512 or a client certificate, which Amazon MSK offers too",
    },
    UnsupportedLogin {
        name: "Kerberos",
        mechanism: "GSSAPI",
        classes: &["Krb5LoginModule", "KerberosLogin"],
        instead: KERBEROS,
    },
    UnsupportedLogin {
        name: "Google tokens",
        mechanism: "",
        classes: &["GcpLoginCallbackHandler"],
        instead: "use PLAIN with a service account, which Google's Kafka offers too",
    },
];

/// The error about a mechanism of SASL, if it is that of an unsupported login.
pub fn refuse_mechanism(mechanism: &str) -> Option<Failure> {
    let login = LOGINS.iter().find(|login| !mechanism.is_empty() && login.mechanism == mechanism)?;
    Some(Failure::usage(format!("SASL mechanism `{mechanism}` is not built in")).hint(login.instead))
}

/// The error about a Java class, if it is that of an unsupported login.
pub fn refuse_class(class: &str) -> Option<Failure> {
    let class = class.rsplit('.').next().unwrap_or_default();
    let login = LOGINS.iter().find(|login| login.classes.contains(&class))?;
    let failure = Failure::usage(format!("cannot log in with {}", login.name));
    Some(failure.caused_by("this login is not built in").hint(login.instead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_of_others_is_known_by_its_mechanism_and_its_classes() {
        let message = |failure: Option<Failure>| failure.map(|failure| failure.message);
        let built_in = "SASL mechanism `AWS_MSK_IAM` is not built in".to_owned();
        assert_eq!(message(refuse_mechanism("AWS_MSK_IAM")), Some(built_in));
        let aws = Some("cannot log in with AWS_MSK_IAM".to_owned());
        assert_eq!(message(refuse_class("software.amazon.msk.auth.iam.IAMLoginModule")), aws);
        assert_eq!(message(refuse_class("IAMClientCallbackHandler")), aws);
        assert!(refuse_mechanism("GSSAPI").is_some());
        let kerberos = Some("cannot log in with Kerberos".to_owned());
        assert_eq!(message(refuse_class("com.sun.security.auth.module.Krb5LoginModule")), kerberos);
        assert_eq!(refuse_class("PlainLoginModule"), None);
        assert_eq!(refuse_mechanism(""), None);
    }
}
