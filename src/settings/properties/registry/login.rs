//! How a client of a registry logs in: of several logins that are given, one counts.

use super::{RegistryProperties, TOKEN, TOKEN_SOURCE, URL, USER, USER_SOURCE, spelled};
use crate::error::Failure;
use crate::registry::{RegistryLogin, RegistryUrl};
use crate::settings::properties::origin::PropertyOrigin;
use crate::settings::properties::{Properties, PropertyValue, values};

/// Resolves the login for all URLs, and what messages call it; `None` if only URLs have logins, or nothing has. The
/// logins of URLs are taken away where this one goes before them.
pub fn resolve(
    properties: &Properties,
    urls: &mut [RegistryUrl],
) -> Result<Option<(RegistryLogin, String)>, Failure> {
    let registry = &properties.registry;
    let (user, token) = one_of(registry)?;
    let source = registry.given(USER_SOURCE).map(|given| given.value.to_ascii_uppercase());
    let source = source.as_deref();
    let (login, name, goes_before) = if let Some(token) = token {
        let is_chosen = registry.is_typed(TOKEN) || registry.given(TOKEN_SOURCE).is_some();
        (read_token(registry, token)?, told(registry, TOKEN), is_chosen)
    } else if let Some(source) = registry.given(TOKEN_SOURCE).filter(|_| user.is_none()) {
        let failure = format!("`{TOKEN_SOURCE}={}` is not built in", source.value.quoted(&source.value));
        return Err(Failure::usage(failure).hint("`--registry-token` takes a token"));
    } else if let Some(user) = user.filter(|_| registry.is_typed(USER)) {
        (read_user(registry, user)?, told(registry, USER), true)
    } else if source == Some("SASL_INHERIT") {
        (sasl_login(properties)?, "`sasl.username` and `sasl.password`".to_owned(), true)
    } else if let Some(user) = user.filter(|_| source != Some("URL")) {
        (read_user(registry, user)?, told(registry, USER), source == Some("USER_INFO"))
    } else if source == Some("USER_INFO") && urls.iter().all(|url| url.login.is_none()) {
        return Err(Failure::usage(format!("`{USER_SOURCE}=USER_INFO` needs `{USER}`")));
    } else {
        return Ok(None);
    };
    if goes_before {
        refuse_both(registry, urls, if token.is_some() { TOKEN } else { USER })?;
        urls.iter_mut().for_each(|url| url.login = None);
    }
    Ok(Some((login, name)))
}

/// The user or the token, whichever counts.
fn one_of(
    registry: &RegistryProperties,
) -> Result<(Option<&PropertyValue>, Option<&PropertyValue>), Failure> {
    let (user, token) = (registry.given(USER), registry.given(TOKEN));
    if user.is_none() || token.is_none() {
        return Ok((user, token));
    }
    match (registry.is_typed(USER), registry.is_typed(TOKEN)) {
        (true, false) => Ok((user, None)),
        (false, true) => Ok((None, token)),
        (true, true) | (false, false) => {
            let names = [USER, TOKEN].map(|name| spelled(registry, name));
            let failure = format!("`{}` and `{}` cannot be used together", names[0], names[1]);
            Err(Failure::usage(failure).hint("give one of them"))
        }
    }
}

/// Refuses two logins that were both typed.
fn refuse_both(registry: &RegistryProperties, urls: &[RegistryUrl], name: &str) -> Result<(), Failure> {
    let has_login = urls.iter().any(|url| url.login.is_some());
    if !has_login || !registry.is_typed(name) || !registry.is_typed(URL) {
        return Ok(());
    }
    let name = spelled(registry, name);
    let failure = format!("`{name}` cannot be used with a URL that names a user");
    Err(Failure::usage(failure).hint("give one of them"))
}

fn read_token(registry: &RegistryProperties, token: &PropertyValue) -> Result<RegistryLogin, Failure> {
    match token.value.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(RegistryLogin::Token(token.value.to_string())),
        false => Err(Failure::usage(format!("`{}` has invalid characters", spelled(registry, TOKEN)))),
    }
}

fn read_user(registry: &RegistryProperties, user: &PropertyValue) -> Result<RegistryLogin, Failure> {
    if user.value.contains(':') {
        return Ok(RegistryLogin::User(user.value.to_string()));
    }
    let name = spelled(registry, USER);
    Err(Failure::usage(format!("`{name}` is not of the form USER:PASSWORD"))
        .hint(values::how_to_give_option("--registry-user")))
}

/// The login of the brokers.
fn sasl_login(properties: &Properties) -> Result<RegistryLogin, Failure> {
    let value = |name: &str| properties.get(name).map(|given| given.value.to_string());
    match (value("sasl.username"), value("sasl.password")) {
        (Some(user), Some(password)) => Ok(RegistryLogin::User(format!("{user}:{password}"))),
        (_, _) => Err(Failure::usage(format!(
            "`{USER_SOURCE}=SASL_INHERIT` needs `sasl.username` and `sasl.password`"
        ))),
    }
}

/// What messages call a login, and where it stands.
fn told(registry: &RegistryProperties, name: &str) -> String {
    let spelled = spelled(registry, name);
    match registry.given(name).map(|given| &given.origin) {
        Some(origin @ (PropertyOrigin::File(_) | PropertyOrigin::Profile(_))) => {
            format!("`{spelled}` in {}", origin.told())
        }
        Some(
            PropertyOrigin::Default
            | PropertyOrigin::Kcons
            | PropertyOrigin::Option
            | PropertyOrigin::Property
            | PropertyOrigin::Environment(_),
        )
        | None => format!("`{spelled}`"),
    }
}
