// Invented data as dumps of POEM 2.3: `large` has many objects, `shaped` the lengths and shapes of real ones.

const MIDDLE = ["CertLifetime", "HTCondorCE", "ARC-CE-submit", "GridFTP", "dCache", "AMS", "StoRM", "UNICORE", "QCG-Computing"];
const AREAS = ["Compute", "Storage and Data", "Security", "Applications", "Training"];
const PROFILE_TYPE = 1;
const PROBE_TYPE = 2;
const pick = (list, number) => list[number % list.length];

// Adds objects with consecutive keys; `add` returns the key.
function dump() {
  const objects = [];
  const keys = new Map();
  const add = (model, fields, pk) => {
    keys.set(model, (keys.get(model) ?? 0) + 1);
    objects.push({ model, pk: pk ?? keys.get(model), fields });
    return keys.get(model);
  };
  for (const model of ["profile", "probe"]) add("contenttypes.contenttype", { app_label: "poem", model });
  for (const name of ["Production", "Devel", "Test"]) add("poem.tags", { name });
  for (const name of ["Active", "Passive"]) add("poem.metrictype", { name });
  return { objects, add };
}

const SECTIONS = { config: "poem.metricconfig", attribute: "poem.metricattribute", dependency: "poem.metricdependancy", parameter: "poem.metricparameter", flags: "poem.metricflags", files: "poem.metricfiles", fileParameter: "poem.metricfileparameter" };

// Adds a metric with its settings, lists of [key, value].
function addMetric(add, { name, tag = 1, type = 1, group, probe = ["", null], executable, parent, settings }) {
  const metric = add("poem.metric", {
    name, tag, mtype: type, probeversion: probe[0], probekey: probe[1], group, parent: "", probeexecutable: "", config: "", attribute: "", dependancy: "", flags: "", files: "", parameter: "", fileparameter: "", cloned: "",
  });
  for (const [section, pairs] of Object.entries(settings)) {
    for (const [key, value] of pairs) add(SECTIONS[section], { key, value, metric });
  }
  if (executable) add("poem.metricprobeexecutable", { metric, value: executable });
  if (parent) add("poem.metricparent", { metric, value: parent });
}

const config = (path, timeout) => [["interval", "15"], ["maxCheckAttempts", "3"], ["path", path], ["retryInterval", "5"], ["timeout", String(timeout)]];

// Adds a probe and its first version; returns the key of the version.
function addProbe(add, { name, version, description, comment, group }) {
  const url = `https://github.com/ARGOeu/${name}`;
  const fields = { name, version, description, comment, repository: url, docurl: url, group, user: "root" };
  const label = `${name} (${version})`;
  const pk = add("poem.probe", { ...fields, nameversion: label, datetime: "2026-01-12T10:00:00" });
  const revision = add("reversion.revision", { date_created: "2026-01-12T10:00:00", user: null, comment: "Initial version." });
  return add("reversion.version", { revision, object_id: String(pk), content_type: PROBE_TYPE, db: "default", format: "json", serialized_data: JSON.stringify([{ model: "poem.probe", pk, fields }]), object_repr: label });
}

function addProfile(add, { name, vo, description, group, tuples }) {
  const profile = add("poem.profile", { name, version: "1.0", vo, description, groupname: group });
  for (const [flavour, metric, fqan] of tuples) add("poem.metricinstance", { profile, service_flavour: flavour, metric, vo, fqan });
  return tuples.map(([flavour, metric, fqan]) => ({ added: { name: "metric instance", object: `${flavour} ${metric} ${fqan} ${vo}` } }));
}

function addLog(add, user, entries) {
  entries.forEach(({ name, changes }, number) =>
    add("admin.logentry", { action_time: "2026-01-12T11:00:00", user, content_type: PROFILE_TYPE, object_id: String(number + 1), object_repr: name, action_flag: 1, change_message: JSON.stringify(changes) }));
}

const addUser = (add, username, email) =>
  add("poem.custuser", {
    password: "!", last_login: null, is_superuser: false, username, first_name: "Maximiliana-Josephine", last_name: "Featherstonehaugh-Cholmondeley".slice(0, 30), email, is_staff: true, is_active: true, date_joined: "2026-01-01T00:00:00",
    user_permissions: [], groupsofprofiles: [], groupsofmetrics: [], groupsofprobes: [], groupsofaggregations: [],
  });

const addService = (add, number, type, name) =>
  add("poem.service", {
    service_id: String(number), service_name: name, service_area: pick(AREAS, number), service_version: "1.0", service_type: type, component_version: "1.0", component_name: "component", visible_to_marketplace: true, in_catalogue: true, external_service: true, internal_service: false,
  }, String(1000 + number));

const numbers = (count) => Array.from({ length: count }, (_, number) => number);

// Many objects: 150 probes, 500 metrics, 40 profiles with 100 tuples each, 300 services, and a log entry of each profile.
export function large() {
  const { objects, add } = dump();
  const user = addUser(add, "poem", "poem@example.org");
  const probes = numbers(150).map((number) => `org-nordugrid-${pick(MIDDLE, number)}-probe${number}`);
  const versions = probes.map((name) => [`${name} (1.4.0)`, addProbe(add, { name, version: "1.4.0", description: `${name} is a probe.`, comment: "Initial version.", group: "ARGO" })]);
  const names = numbers(500).map((number) => `org.nordugrid.${pick(MIDDLE, number)}-Validity-${number}`);
  for (const name of names) add("poem.metrics", { name });
  add("poem.groupofprobes", { name: "ARGO", permissions: [], probes: probes.map((_, number) => number + 1) });
  const group = add("poem.groupofmetrics", { name: "ARGO", permissions: [], metrics: names.map((_, number) => number + 1) });
  add("poem.groupofprofiles", { name: "ARGO", permissions: [], profiles: numbers(40).map((number) => number + 1) });
  names.forEach((name, number) =>
    addMetric(add, {
      name, tag: 1 + (number % 7 === 0) + (number % 11 === 0), group, probe: pick(versions, number), executable: "check_validity", parent: number % 10 === 3 ? names[0] : null,
      settings: { config: config("/usr/libexec/argo-monitoring/probes/org.nordugrid", 120), attribute: [["NAGIOS_HOST_CERT", "-C"]], dependency: [["hr.srce.CertLifetime-Check", "1"]], parameter: [["--warning", "30"], ["--vo", "ops"]], flags: [["OBSESS", "1"]], files: [], fileParameter: [] },
    }));
  add("poem.vo", {}, "ops");
  const flavours = numbers(200).map((number) => `org.nordugrid.${pick(MIDDLE, number)}-${number}`);
  for (const flavour of flavours) add("poem.serviceflavour", { description: `Service type ${flavour}` }, flavour);
  const entries = numbers(40).map((number) => {
    const tuples = numbers(100).map((place) => [pick(flavours, number + place), pick(names, number * 7 + place), place % 3 ? "" : "/ops/Role=lcgadmin"]);
    const name = `ARGO_MON_${number}`;
    return { name, changes: addProfile(add, { name, vo: "ops", description: `Profile number ${number} of the large data set.`, group: "ARGO", tuples }) };
  });
  for (const number of numbers(300)) addService(add, number, pick(flavours, number), `${pick(MIDDLE, number)} service ${number}`);
  addLog(add, user, entries);
  return objects;
}

// A name of the most characters that are allowed, with the places to break that names have.
const longest = (start, length = 128) => (start + ".a-very-long-name-that-a-site-has-chosen_for_its_own-purposes".repeat(4)).slice(0, length);
const FILTER = "'w:metrics+g:published360' -c 8000 -q 'w:alarms+g:published360' -c 1 -q 'w:metricsdevel+g:published360' -c 8000 -q 'w:alarmsdevel+g:published360' -c 1";
const OBSOLETED = "/var/lib/gridprobes-cadist/var/ca-policy-core.obsoleted-subjectdn,http://repository.example.org/sw/production/cas/1/current/meta/ca-policy-core.obsoleted-subjectdn";

// 183 metrics with the lengths of real ones: long names, paths and filters as values, keys of 44 characters.
export function shaped() {
  const { objects, add } = dump();
  const user = addUser(add, "maximiliana.featherstonehaugh", `${"maximiliana.featherstonehaugh".repeat(3)}@monitoring.example.org`);
  const group = longest("Operations of the infrastructure", 80);
  const probes = [longest("a-probe"), ...numbers(30).map((number) => `nordugrid-arc-nagios-plugins-${number}`)];
  const version = "1.9.1-rc1.el7.argo.2026";
  const versions = probes.map((name) => [`${name} (${version})`, addProbe(add, { name, version, description: `${name} runs jobs. `.repeat(30).slice(0, 1000), comment: "It follows the newest release of the middleware.", group })]);
  const names = [longest("a.metric"), longest("a-metric-without-dots_".repeat(9)), ...numbers(181).map((number) => `org.nagiosexchange.${pick(MIDDLE, number)}-WebCheck${number % 9 ? number : ""}-${number}`)];
  for (const name of names) add("poem.metrics", { name });
  add("poem.groupofprobes", { name: group, permissions: [], probes: probes.map((_, number) => number + 1) });
  const of = add("poem.groupofmetrics", { name: group, permissions: [], metrics: names.map((_, number) => number + 1) });
  add("poem.groupofprofiles", { name: group, permissions: [], profiles: [1, 2, 3, 4, 5] });
  names.forEach((name, number) =>
    addMetric(add, {
      name, tag: 1 + (number % 3), type: number % 20 === 5 ? 2 : 1, group: of, probe: pick(versions, number), executable: "pl.plgrid/UNICORE/umi2/check_workflowservice/check_workflowservice.pl", parent: number % 4 === 1 ? names[0] : null,
      settings: number % 20 === 5 ? { flags: [["PASSIVE", "1"]] } : {
        config: config("/usr/libexec/grid-monitoring/probes/nagios-plugins-argus", 600), attribute: [["eu.egi.cloud.storage-management.cdmi_URL", "--mb-destination"]], dependency: [[pick(names, number + 1), "0"], ["hr.srce.QCG-Computing-CertLifetime", "1"]],
        parameter: [["-s", "/var/run/argo-nagios-ams-publisher/sock"], ["-q", FILTER], ["--add-wntar-nag-nosamcfg", OBSOLETED]], flags: [["NOHOSTNAME", "1"], ["NOTIMEOUT", "1"]], files: [["LOCAL_unicore6.StorageManagement_REGISTRY_URL", "REGISTRY"]], fileParameter: [["FILE_SIZE_KBS", "1000"]],
      },
    }));
  const vo = longest("vo.of.many.members");
  add("poem.vo", {}, vo);
  const flavours = [longest("eu.egi.cloud.vm-management.occi"), ...numbers(23).map((number) => `eu.egi.cloud.vm-management.occi${number}`)];
  for (const flavour of flavours) add("poem.serviceflavour", { description: "" }, flavour);
  const entries = [longest("A_PROFILE"), "ARGO_MON_OPERATORS", "ARGO_MON_CRITICAL", "FEDCLOUD", "SEC_MON"].map((name, number) => {
    const tuples = numbers(40).map((place) => [pick(flavours, place), place % 9 === 4 ? `an.unknown.metric-${place}` : pick(names, place), place % 2 ? "" : "/dteam/Role=production/Capability=NULL"]);
    return { name, changes: addProfile(add, { name, vo, description: "Central profile that operators use to find out what is wrong. ".repeat(16).slice(0, 1000), group, tuples }) };
  });
  for (const number of numbers(60)) addService(add, number, pick(flavours, number), number ? `Cloud compute of site ${number}` : longest("service"));
  addLog(add, user, entries);
  return objects;
}
