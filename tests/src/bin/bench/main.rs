//! Measures a sensor on this host: latency, cost to others, start-up, throughput and memory.
//!
//! Every figure is printed with how often it was measured and its spread; none is judged.
#![expect(clippy::print_stdout, reason = "a command speaks on its terminal")]

#[cfg(target_os = "linux")]
mod cost;
#[cfg(target_os = "linux")]
mod sensor;
#[cfg(target_os = "linux")]
mod spread;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    use std::path::PathBuf;
    let path = std::env::args_os().nth(1).map(PathBuf::from);
    let path = path.ok_or_else(|| anyhow::anyhow!("name the sensor's program"))?;
    sensor::latency(&path)?;
    sensor::throughput(&path)?;
    sensor::start_up(&path, 1_000)?;
    sensor::start_up(&path, 10_000)?;
    cost::costs(&path)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: it measures Linux");
}
