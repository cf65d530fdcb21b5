//! The recorded exchanges of POEM 2.3, through Apache and over TLS.

use super::Site;
use crate::api::golden::differences;

#[test]
fn every_exchange_is_answered_over_tls_as_2_3_did() {
    let Some(site) = Site::start() else { return };
    // httpd itself refuses requests without a host.
    let is_ours = |difference: &String| !difference.contains("_host_None_");
    let differences: Vec<_> = differences(&site.installation, site.apache.https).into_iter().filter(is_ours).collect();
    assert!(differences.is_empty(), "{}\n{} differ", differences.join("\n"), differences.len());
}
