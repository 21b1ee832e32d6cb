//! The stage: all sensors run while each scenario is played once, and each is asked what it saw.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use sensor_tests::scenario::{Environment, FileSystem, Plan, Scenario, Verdict, judge};
use serde_json::{Value, json};

use super::outcome::Report;
use super::sensor::Sensor;
use super::snapshot::Snapshot;
use super::step::Steps;

/// What each marker's name begins with.
const MARKER: &str = "svcsensor-marker-";

/// Where generators write, and markers with them.
const GENERATED: &str = "/run/systemd/generator";

/// The name under which the start of a sensor is reported.
const START: &str = "sensor/start";

/// The name under which the end of a sensor is reported.
const STOP: &str = "sensor/stop";

/// Running sensors, and where they run.
pub(crate) struct Stage {
    program: PathBuf,
    here: Environment,
    sensors: Vec<Sensor>,
    snapshot: Snapshot,
    markers: usize,
}

/// What a sensor told, or how it failed to.
type Told = (Plan, Result<Vec<Value>>);

impl Stage {
    /// Starts a sensor for each plan.
    pub(crate) fn open(program: &Path, plans: &[Plan], here: Environment) -> Result<Self> {
        let snapshot = Snapshot::take()?;
        let sensors = plans.iter().map(|plan| Sensor::start(program, *plan)).collect::<Result<_>>()?;
        Ok(Self { program: program.to_owned(), here, sensors, snapshot, markers: 0 })
    }

    /// Plays a scenario on each of its file systems, and reports what became of it on each plan.
    ///
    /// Fails only where the machine can't be put back, so that later scenarios would suffer.
    pub(crate) fn play(&mut self, scenario: &Scenario, report: &mut Report) -> Result<()> {
        for filesystem in &scenario.filesystems {
            let missing = scenario.requires.missing(&self.here).or_else(|| {
                (!self.here.filesystems.contains(filesystem)).then(|| format!("needs {filesystem}"))
            });
            if let Some(why) = missing {
                for sensor in &self.sensors {
                    report.skipped(&scenario.name, *filesystem, sensor.plan, &why);
                }
                continue;
            }
            self.play_on(scenario, *filesystem, report)?;
            for sensor in &mut self.sensors {
                sensor.restart(&self.program)?;
            }
        }
        Ok(())
    }

    /// Reports whether every sensor runs with all of its sources.
    pub(crate) fn report_start(&self, report: &mut Report) {
        for sensor in &self.sensors {
            match sensor.failed_sources() {
                None => report.passed(START, FileSystem::Root, sensor.plan),
                Some(how) => report.failed(START, FileSystem::Root, sensor.plan, &how),
            }
        }
    }

    /// Stops all sensors and reports how they ended.
    pub(crate) fn close(self, report: &mut Report) {
        for sensor in self.sensors {
            let plan = sensor.plan;
            match sensor.stop() {
                Ok(()) => report.passed(STOP, FileSystem::Root, plan),
                Err(error) => report.failed(STOP, FileSystem::Root, plan, &format!("{error:#}")),
            }
        }
    }

    fn play_on(&mut self, scenario: &Scenario, filesystem: FileSystem, report: &mut Report) -> Result<()> {
        let (units, elsewhere) = (filesystem.unit_directory(), filesystem.other_directory());
        for folder in [units, elsewhere] {
            fs::create_dir_all(folder).with_context(|| format!("making {folder}"))?;
        }
        let mut steps = Steps::new(vec![("UNITS", units.to_owned()), ("ELSEWHERE", elsewhere.to_owned())]);
        let markers = if scenario.generated { GENERATED } else { FileSystem::Root.unit_directory() };
        let mut taken = steps.take(&scenario.setup);
        let mut told: Vec<Told> = self.until_marker(markers)?;
        if taken.is_ok() {
            taken = steps.take(&scenario.steps);
            told = self.until_marker(markers)?;
        }
        for (plan, lines) in told {
            let mut expand = |text: &str| match steps.expand(text).strip_prefix("$ ") {
                Some(command) => steps.output(command),
                None => Ok(steps.expand(text)),
            };
            let verdict = match (&taken, lines) {
                (Err(error), _) => Verdict::Failed(format!("{error:#}")),
                (Ok(()), Err(error)) => Verdict::Failed(format!("{error:#}")),
                (Ok(()), Ok(lines)) => judge(scenario, &self.here, plan, filesystem, &lines, &mut expand)
                    .unwrap_or_else(|error| Verdict::Failed(format!("{error:#}"))),
            };
            match verdict {
                Verdict::Passed => report.passed(&scenario.name, filesystem, plan),
                Verdict::Blind => report.blind(&scenario.name, filesystem, plan),
                Verdict::Failed(how) => report.failed(&scenario.name, filesystem, plan, &how),
            }
        }
        steps.end_lasting()?;
        let cleaned = steps.take(&scenario.cleanup);
        // What was not done can't be undone, and that it was not done is reported.
        if taken.is_ok() {
            cleaned.with_context(|| format!("cleaning up after {}", scenario.name))?;
        }
        fs::remove_dir_all(elsewhere).with_context(|| format!("removing {elsewhere}"))?;
        self.snapshot.restore().with_context(|| format!("cleaning up after {}", scenario.name))?;
        if scenario.generated {
            self.until_marker(markers)?;
        }
        Ok(())
    }

    /// What each sensor told up to now.
    ///
    /// A unit file comes and goes. Since nothing is told of a removed name until it has stayed away for a while, the
    /// marker's end is told after everything that happened before it.
    fn until_marker(&mut self, directory: &str) -> Result<Vec<Told>> {
        self.markers += 1;
        let name = format!("{MARKER}{}.service", self.markers);
        let path = Path::new(directory).join(&name);
        ensure!(!path.exists(), "{} is there already", path.display());
        fs::write(&path, "[Service]\nExecStart=/bin/true\n")
            .with_context(|| format!("writing {}", path.display()))?;
        let removal = Removal(path);
        let created: Vec<Result<Vec<Value>>> = self.await_all(&name, "created");
        drop(removal);
        let removed: Vec<Result<Vec<Value>>> = self.await_all(&name, "removed");
        let plans = self.sensors.iter().map(|sensor| sensor.plan);
        let told = plans.zip(created.into_iter().zip(removed)).map(|(plan, (created, removed))| {
            let lines = created.and_then(|mut lines| {
                lines.extend(removed?);
                lines.retain(|line| !is_about_marker(line));
                Ok(lines)
            });
            (plan, lines)
        });
        Ok(told.collect())
    }

    fn await_all(&mut self, name: &str, action: &str) -> Vec<Result<Vec<Value>>> {
        let pattern = json!({"type": "event", "action": action, "service": {"name": name}});
        self.sensors.iter_mut().map(|sensor| sensor.until(&pattern)).collect()
    }
}

/// A file that goes with this value.
struct Removal(PathBuf);

impl Drop for Removal {
    fn drop(&mut self) {
        // A marker that is gone already is missed by whoever waits for the sensor to tell of it.
        _ = fs::remove_file(&self.0);
    }
}

fn is_about_marker(line: &Value) -> bool {
    line.pointer("/service/name").and_then(Value::as_str).is_some_and(|name| name.starts_with(MARKER))
}
