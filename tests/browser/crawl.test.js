// Every kind of page, over a POEM of its own.

import "./journeys/every_page.js";
