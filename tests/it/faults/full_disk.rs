//! The disk of the database is really full: its data are on a small separate file system.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use tempfile::TempDir;

use super::{Writer, await_status, in_time, metrics};
use crate::support::disposable_database::{DisposableDatabase, open_directory, open_directory_in};
use crate::support::sql::{sql, tables};
use crate::support::{Server, fixture, skipped};

/// The mount options; a PostgreSQL cluster takes about 60 MB.
const SIZE: &str = "size=160m,mode=711";

/// A small file system in memory. Unmounted when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts it; `None` without the permission.
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
    // The write-ahead log has enough room: only the tables cannot grow.
    sql(&installation, "CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT");
    let before = tables(&installation);
    disk.fill();

    let file = fixture("small.json");
    let load = ["-d", "-n", "egi", "-f", file.to_str().unwrap(), "--replace", "--yes"];
    let ran = installation.run("poem-db", &load);
    assert!(ran.status == 1 && ran.stderr.contains("No space left on device; nothing was loaded"), "{ran:?}");
    assert!(tables(&installation) == before, "the load left changes behind");

    // The last page of a table has room for some rows before another page is needed.
    let mut names = (0..1000).map(|number| format!("full-{number:0>100}"));
    let refused =
        names.find(|name| in_time(|| writer.add_aggregation(&server, name)).status != 201).expect("the disk gets full");
    let again = in_time(|| writer.add_aggregation(&server, &refused));
    assert_eq!((again.status, again.header("Retry-After").is_some()), (503, true), "{again:?}");
    assert!(installation.log().contains("No space left on device"), "{}", installation.log());
    let count = |table: &str| sql(&installation, &format!("SELECT count(*) FROM egi.{table} LIKE 'full-%'")).remove(0);
    assert_eq!(
        count("aggregation WHERE name"),
        count("log_entry WHERE object_name"),
        "an object is saved with its log entry or not at all"
    );
    assert_eq!(in_time(|| metrics(&server)).body, answer, "reading goes on");
    assert_eq!(
        in_time(|| server.get("/poem/api/0.2/json/metrics?tag=Production")).status,
        200,
        "responses that are not cached are served too"
    );

    disk.make_room();
    await_status(201, || writer.add_aggregation(&server, &refused));
    installation.run("poem-db", &load).done();
}
