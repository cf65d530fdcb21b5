//! The test of the XML signatures: whether the library that verifies them works on this machine.
//!
//! The sample was signed once, with a key that nobody has kept.

use super::certificate::Certificate;
use super::refusal::RefusalClass;
use super::{base64, xml, xml_signature};

/// A message that is signed, with the white space that was signed.
const SAMPLE: &str = r##"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_sample" Version="2.0"><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>
<ds:Reference URI="#_sample"><ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<ds:DigestValue>D0ECSVNmV1KjbZLKN8Wv0H5HGoog5A3I8TazEqWrpzw=</ds:DigestValue></ds:Reference></ds:SignedInfo>
<ds:SignatureValue>YBSoe58aR+kXW3ojh2fVhVXUKh2jujj/YIS/c/V0qVF14Xsiz1Gq7zA8BRhbd7cg
N/zhuLFilFc9VyCb0j9S+w==</ds:SignatureValue></ds:Signature><samlp:Extensions>This message is signed.</samlp:Extensions></samlp:Response>"##;

/// A part of what is signed, and what a forger would make of it.
const CHANGE: (&str, &str) = ("This message is signed.", "This message is forged.");

/// The certificate of the signer, in base64.
const SIGNER: &str = "MIIBijCCAS+gAwIBAgIUWSLkGeatkgiF1FX5LtZojN4VyKgwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOcG9lbS1zZWxmLXRlc3QwIBcNMjYxMT\
     I4MjIxMzExWhgPMjEyNjExMDQyMjEzMTFaMBkxFzAVBgNVBAMMDnBvZW0tc2VsZi10ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3s7u\
     yd0jtzxBIsPnHLRt52b43sOV2uXLCweIlcTycKJW0qKngwExeMjlxpu8fG9qs9n8QX2AMXRjgwyOvh+fW6NTMFEwHQYDVR0OBBYEFOU5WyeBN7\
     zz8yiQGxyoB9vLGUwRMB8GA1UdIwQYMBaAFOU5WyeBN7zz8yiQGxyoB9vLGUwRMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIh\
     AL11amj+gRgrZE2OGP6OW/WxNsh9jtFwWAVlLnyWfpyWAiEAi9ohM63vbozFzbsNQuGIxEc10hEoP5m3XTi4K0aTNqY=";

/// Returns `Ok` if a message with a right signature is accepted, and one that was changed afterwards is refused.
///
/// # Errors
/// The reason why signatures cannot be relied on, in words.
pub fn check_xml_signatures() -> Result<(), String> {
    let certificate = base64::decode(SIGNER).ok_or("the certificate of the sample is not base64")?;
    let trusted = [Certificate::from_der(&certificate)
        .map_err(|cause| format!("the certificate of the sample cannot be used: {cause}"))?];
    verify(SAMPLE, &trusted).map_err(|cause| format!("a signature that is right is refused: {}", cause.word()))?;
    let (original, forged) = CHANGE;
    match verify(&SAMPLE.replace(original, forged), &trusted) {
        Err(RefusalClass::Signature) => Ok(()),
        Err(class) => Err(format!("a message that was changed is refused for another reason: {}", class.word())),
        Ok(_) => Err("a message that was changed is accepted".to_owned()),
    }
}

/// Returns the signed text, or the class of the refusal.
fn verify(text: &str, trusted: &[Certificate]) -> Result<String, RefusalClass> {
    let document = xml::parse(text).map_err(|refusal| refusal.class)?;
    let signatures = xml_signature::check_shape(&document, true).map_err(|refusal| refusal.class)?;
    xml_signature::verified(text, &signatures, trusted, "the sample").map_err(|refusal| refusal.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_verifies_and_only_as_it_was_signed() {
        assert_eq!(check_xml_signatures(), Ok(()));
        assert!(SAMPLE.contains(CHANGE.0));
        assert_eq!(verify(SAMPLE, &[]), Err(RefusalClass::Signature));
    }
}
