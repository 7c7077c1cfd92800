//! URLs of upstreams.

use hyper::Uri;

/// Parses what requests of clients are sent to. Why a text is no such upstream; the text
/// itself is not shown: it may hold a password.
pub(crate) fn base(text: &str) -> Result<Uri, &'static str> {
    let uri = target(text)?;
    if uri.query().is_some() {
        return Err("leave out what follows ? and #; the query is the client's");
    }
    Ok(uri)
}

/// The same for what requests of our own are sent to: with a query, if there is one.
pub(crate) fn target(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text
        .parse()
        .map_err(|_| "this is no URL; write one such as https://backend.example")?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("write the whole URL, with http:// or https:// before the host");
    };
    if !matches!(scheme, "http" | "https") {
        return Err("write a URL that begins with http:// or https://");
    }
    if authority.as_str().contains('@') {
        return Err(
            "a user or password in the URL is refused, since a configuration holds no secrets; \
             what logs in is a header, Authorization as a rule",
        );
    }
    if authority.host().is_empty() || authority.as_str().ends_with(':') {
        return Err("write a host after http:// or https://, and a port after a colon");
    }
    if text.contains('#') {
        return Err("leave out what follows #; it is not sent");
    }
    Ok(uri)
}
