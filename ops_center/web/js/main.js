// Starts every part of the page. Parts talk through the store only.
import { connect } from "./api.js";
import { byId, say } from "./dom.js";
import * as header from "./header.js";
import * as i18n from "./i18n.js";
import * as incidents from "./incidents.js";
import * as legend from "./legend.js";
import * as log from "./log.js";
import * as map from "./map.js";
import * as room from "./room.js";
import { touch } from "./store.js";
import * as vitals from "./vitals.js";

i18n.begin();
speak();
for (const part of [header, vitals, incidents, room, log, legend, map]) part.begin();
byId("language").addEventListener("click", () => {
  i18n.toggle();
  speak();
});
touch("language");
connect();

function speak() {
  i18n.translate();
  const button = byId("language");
  const english = i18n.language() === "en";
  say(button, english ? "中文" : "English");
  button.lang = english ? "zh" : "en";
  touch("language");
}
