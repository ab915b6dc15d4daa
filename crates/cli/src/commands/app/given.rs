//! What an app may, as the command line gives it: to make one and to change one.

use std::num::NonZeroU32;

use tongshi_dialect::Addresses;
use tongshi_hub::{Access, Scopes};
use tongshi_model::{Kind, Sensitivity};

use crate::{
    commands::{connect, records},
    exit::Failure,
};

/// The word that takes a list away: everything is allowed then.
const ALL: &str = "all";

/// What an app may.
#[derive(clap::Args)]
pub(super) struct Given {
    /// A face that it may call, by dialect
    #[arg(long = "face", value_name = "DIALECT")]
    faces: Vec<String>,
    /// The most private fields that it may see: public, contact, personal, restricted [default contact]
    #[arg(long, value_parser = sensitivity)]
    sensitivity: Option<Sensitivity>,
    /// Let it write; --write=false takes it back
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    write: Option<bool>,
    /// Let it administrate: /v1/apps and the like; --admin=false takes it back
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    admin: Option<bool>,
    /// A kind that it may see, or punch; all if none is given, or all
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Something that it may do where it may write, such as approval:approve, punch:* or *:create; all if none is given
    #[arg(long = "action", value_name = "KIND:ACTION")]
    actions: Vec<String>,
    /// An operation of a face that it may call, or a prefix with *; all if none is given
    #[arg(long = "operation", value_name = "NAME")]
    operations: Vec<String>,
    /// A setting that faces read, its value in JSON or plain text; null takes it out
    #[arg(long = "setting", value_name = "K=V")]
    pub(super) settings: Vec<String>,
    /// An address or range from which it may call; from everywhere if none is given, or any
    #[arg(long = "allow-ip", value_name = "CIDR")]
    allow_ips: Vec<String>,
    /// Where a browser may be sent back to: https, or http to this machine; none takes all away
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Requests to /v1 in a minute; 0 for no limit [default: the setting app_requests_per_minute]
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<u32>,
    /// Requests that may come at once [default: those of a minute]
    #[arg(long, value_name = "N")]
    burst: Option<NonZeroU32>,
}

impl Given {
    /// The faces, each one that there is.
    pub(super) fn faces(&self) -> Result<Vec<String>, Failure> {
        self.faces.iter().try_for_each(|face| connect::dialect(face).map(drop))?;
        Ok(self.faces.clone())
    }

    /// Puts what was given in the place of what is.
    pub(super) fn apply(&self, scopes: &mut Scopes, access: &mut Access) -> Result<(), Failure> {
        scopes.sensitivity = self.sensitivity.unwrap_or(scopes.sensitivity);
        scopes.write = self.write.unwrap_or(scopes.write);
        scopes.admin = self.admin.unwrap_or(scopes.admin);
        if !self.kinds.is_empty() {
            (scopes.kinds, scopes.punches) = kinds(&self.kinds)?;
        }
        for (given, list) in
            [(&self.actions, &mut scopes.actions), (&self.operations, &mut scopes.operations)]
        {
            if !given.is_empty() {
                *list = (given != &[ALL]).then(|| given.clone());
            }
        }
        if !self.allow_ips.is_empty() {
            let given = if self.allow_ips == ["any"] { &[][..] } else { &self.allow_ips };
            access.addresses = Addresses::of(given)
                .map_err(|error| Failure::usage(format!("--allow-ip: {}", error.public())))?;
        }
        if !self.redirect_uris.is_empty() {
            let none = self.redirect_uris == ["none"];
            access.redirect_uris = if none { Vec::new() } else { self.redirect_uris.clone() };
        }
        let limits = &mut access.limits;
        limits.requests_per_minute = self.requests_per_minute.or(limits.requests_per_minute);
        limits.burst = self.burst.or(limits.burst);
        Ok(())
    }
}

/// The kinds, and whether punches are among them.
fn kinds(given: &[String]) -> Result<(Option<Vec<Kind>>, Option<bool>), Failure> {
    if given == [ALL] {
        return Ok((None, None));
    }
    let punch = |name: &&String| matches!(name.as_str(), "punch" | "punches");
    let punches = given.iter().any(|name| punch(&name));
    let kinds = given.iter().filter(|name| !punch(name)).map(|name| records::kind(name));
    Ok((Some(kinds.collect::<Result<_, _>>()?), Some(punches)))
}

fn sensitivity(text: &str) -> Result<Sensitivity, String> {
    match text {
        "public" => Ok(Sensitivity::Public),
        "contact" => Ok(Sensitivity::Contact),
        "personal" => Ok(Sensitivity::Personal),
        "restricted" => Ok(Sensitivity::Restricted),
        _ => Err("it is public, contact, personal or restricted".to_owned()),
    }
}
