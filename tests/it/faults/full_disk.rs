//! The disk of the database is full, really: its data stand on a small file system of their own.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use tempfile::TempDir;

use super::{Writer, await_status, metrics, soon};
use crate::support::disposable_database::{DisposableDatabase, open_directory, open_directory_in};
use crate::support::sql::{sql, tables};
use crate::support::{Server, fixture, skipped};

/// A cluster of PostgreSQL takes about 60 MB.
const SIZE: &str = "size=160m,mode=711";

/// A file system in memory, where we may mount one. Gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let directory = open_directory();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(directory.path()).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(directory))
    }

    fn fill(&self) {
        let mut ballast = File::create(self.0.path().join("ballast")).unwrap();
        for size in [1 << 20, 1 << 12] {
            let zeros = vec![0; size];
            while ballast.write_all(&zeros).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_stops_writing_and_nothing_else() {
    let Some(disk) = SmallDisk::mount() else {
        return skipped("a full disk under PostgreSQL: no file system can be mounted here (that takes root)");
    };
    let database = DisposableDatabase::within(open_directory_in(disk.0.path()), &[("max_wal_size", "32MB")]);
    let installation = database.installation();
    let server = Server::start(&installation);
    let writer = Writer::new(&installation);
    let answer = metrics(&server).body;
    sql(&installation, "UPDATE egi.profile SET description = 'as it was'");
    // The log of transactions has room enough: it is the tables that cannot grow.
    sql(&installation, "CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT");
    let before = tables(&installation);
    disk.fill();

    let file = fixture("small.json");
    let load = ["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace"];
    let ran = installation.run("poem-db", &load);
    assert!(ran.status == 1 && ran.stderr.contains("No space left on device; nothing was loaded"), "{ran:?}");
    assert!(tables(&installation) == before, "the load left something");

    // A page of a table takes some rows before another is needed.
    let mut names = (0..1000).map(|number| format!("full-{number:0>100}"));
    let refused = names.find(|name| soon(|| writer.add_aggregation(&server, name)).status != 201).expect("it is full");
    let again = soon(|| writer.add_aggregation(&server, &refused));
    assert_eq!((again.status, again.header("Retry-After").is_some()), (503, true), "{again:?}");
    assert!(installation.log().contains("No space left on device"), "{}", installation.log());
    let count = |table: &str| sql(&installation, &format!("SELECT count(*) FROM egi.{table} LIKE 'full-%'")).remove(0);
    assert_eq!(count("aggregation WHERE name"), count("log_entry WHERE object_name"), "all of it or nothing");
    assert_eq!(soon(|| metrics(&server)).body, answer, "reading goes on");
    assert_eq!(soon(|| server.get("/poem/api/0.2/json/metrics?tag=Production")).status, 200, "also what is not ready");

    disk.make_room();
    await_status(201, || writer.add_aggregation(&server, &refused));
    installation.run("poem-db", &load).done();
}
