// Which language the page speaks, and how it says numbers and closed words.
import { POSITIONS, SHORT, TERMS, WORDS } from "./words.js";

const KEY = "chengmai.language";
const LANGUAGES = ["en", "zh"];

let current = 0;

export function begin() {
  const kept = read(KEY) ?? navigator.language.slice(0, 2);
  current = Math.max(0, LANGUAGES.indexOf(kept));
}

export const language = () => LANGUAGES[current];

export function toggle() {
  current = 1 - current;
  write(KEY, language());
}

/** The page's own words; `{0}`, `{1}` … take the further arguments. */
export function t(key, ...values) {
  const words = WORDS[key];
  return (words ? words[current] : key).replace(/\{(\d)\}/g, (_, n) => values[Number(n)]);
}

/** A closed word of the centre, or the word itself made readable. */
export function term(word) {
  if (word == null || word === "") return "–";
  const [who, what] = String(word).split(":"); // A caller's or a crew's word: "call:fire".
  if (what && TERMS[who] && TERMS[what]) return `${TERMS[who][current]}: ${TERMS[what][current]}`;
  const key = String(word).replaceAll("-", "_");
  return TERMS[key]?.[current] ?? String(word).replaceAll("_", " ");
}

/** A sensor kind in one word, for the legend. */
export const short = (kind) => SHORT[kind]?.[current] ?? term(kind);

/** An actuator's position: a known word, or the text on the sign. */
export const position = (text) => POSITIONS[text]?.[current] ?? term(text);

/** Text the centre holds in both languages as "English · 中文": the half that is wanted. */
export function half(text) {
  const halves = String(text ?? "").split(" · ");
  return halves.length === 2 ? halves[current] : text;
}

const LATIN_FIRST = /^([^\u3400-\u9fff]*[^\u3400-\u9fff\s])\s+([\u3400-\u9fff][^A-Za-z]*?)(\s+\d+)?$/;
const CHINESE_FIRST = /^([\u3400-\u9fff]+)\s+([A-Za-z][^\u3400-\u9fff]*)$/;

/** A name that the map holds in both scripts, "Canal Road 运河路 2": the half that is wanted. */
export function named(name) {
  const text = name ?? "";
  const latin = LATIN_FIRST.exec(text);
  if (latin) return latin[1 + current] + (latin[3] ?? "");
  const chinese = CHINESE_FIRST.exec(text);
  return chinese ? chinese[2 - current] : text;
}

/** Put the page's fixed words in place. */
export function translate(root = document) {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
  }
}

export function read(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

export function write(key, value) {
  try { localStorage.setItem(key, value); } catch { /* Private windows may refuse; the page works without. */ }
}
