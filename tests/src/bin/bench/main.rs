//! Measures a sensor on this host: latency, cost to others, start-up, throughput, memory, and how fast it reads logs.
//!
//! Every figure is printed with how often it was measured and its spread; none is judged.
#![expect(clippy::print_stdout, reason = "a command speaks on its terminal")]

#[cfg(target_os = "linux")]
mod cost;
#[cfg(target_os = "linux")]
mod replay;
#[cfg(target_os = "linux")]
mod sensor;
#[cfg(target_os = "linux")]
mod spread;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    use std::path::PathBuf;
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match arguments.split_first() {
        Some((verb, rest)) if verb.as_os_str() == replay::READ => replay::read_one(rest),
        Some((path, _)) => {
            sensor::latency(path)?;
            sensor::throughput(path)?;
            sensor::start_up(path, 1_000)?;
            sensor::start_up(path, 10_000)?;
            cost::costs(path)?;
            replay::replay(path)
        }
        None => anyhow::bail!("name the sensor's program"),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: it measures Linux");
}
