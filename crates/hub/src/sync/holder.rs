//! Who holds a run: a process by host, boot, number and start, so that another on the same machine can see that it
//! has died and go on at once.

/// This process.
pub(crate) fn current() -> String {
    let pid = std::process::id();
    format!("{}/{pid}/{}", machine(), started(pid).unwrap_or_default())
}

/// Whether that process has certainly ended: it was of this machine and boot, and is not there any more.
pub(crate) fn is_dead(holder: &str) -> bool {
    let Some((rest, start)) = holder.rsplit_once('/') else { return false };
    let Some((theirs, pid)) = rest.rsplit_once('/') else { return false };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    theirs == machine() && !start.is_empty() && started(pid).as_deref() != Some(start)
}

/// Host name and boot, as Linux tells them; elsewhere nothing, and then only the lease decides.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    format!("{}/{}", read("/proc/sys/kernel/hostname"), read("/proc/sys/kernel/random/boot_id"))
}

/// When a process started, in ticks since boot (proc(5), field 22 of stat).
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything.
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    let state = after_name.next()?;
    let started = after_name.nth(18)?;
    // A zombie holds nothing any more.
    (state != "Z").then(|| started.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_not_dead() {
        let holder = current();
        assert!(!is_dead(&holder));
        assert!(!is_dead("elsewhere/boot/1/1"));
        assert!(!is_dead("nonsense"));
        if started(std::process::id()).is_some() {
            assert!(is_dead(&format!("{holder}9")), "another start is another process");
        }
    }
}
