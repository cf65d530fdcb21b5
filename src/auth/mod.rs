//! Who is asking: the host's tenant, the API key, the login session; guards and fairings.

pub mod api_key;
pub mod csrf;
pub mod front_door;
pub mod session;
pub mod tenant;
