// All journeys but the crawl of every page (crawl.test.js), with one POEM. A single file: node --test journeys/probes.js

import "./journeys/login.js";
import "./journeys/federated.js";
import "./journeys/apache.js";
import "./journeys/reading.js";
import "./journeys/looks.js";
import "./journeys/probes.js";
import "./journeys/metrics.js";
import "./journeys/many.js";
import "./journeys/clicks.js";
import "./journeys/profiles.js";
import "./journeys/aggregations.js";
import "./journeys/typing.js";
import "./journeys/people.js";
import "./journeys/sent_once.js";
import "./journeys/together.js";
import "./journeys/keyboard.js";
import "./journeys/without_javascript.js";
