import i18n from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGE_CODES = ["en", "zh-hans"] as const;
export type LanguageCode = (typeof LANGUAGE_CODES)[number];
export const LANGUAGES: Record<LanguageCode, string> = { en: "English", "zh-hans": "简体中文" };

/** A language is a chunk of its own: who reads one does not download the other. */
const CATALOGUES = {
  en: () => import("./en"),
  "zh-hans": () => import("./zh"),
};

/** The server speaks English already. What it says in Chinese comes after the page. */
async function loadServer(language: LanguageCode) {
  if (language === "en") return;
  const { default: server } = await import("./zh/server");
  i18n.addResourceBundle(language, "translation", { server }, true);
}

const STORAGE_KEY = "whetstone.language";

export function knownLanguage(code: string | null | undefined): LanguageCode | null {
  const lower = (code ?? "").toLowerCase();
  if (lower.startsWith("zh")) return "zh-hans";
  if (lower.startsWith("en")) return "en";
  return null;
}

function firstLanguage(): LanguageCode {
  const chosen = knownLanguage(localStorage.getItem(STORAGE_KEY));
  if (chosen) return chosen;
  for (const code of navigator.languages ?? [navigator.language]) {
    const known = knownLanguage(code);
    if (known) return known;
  }
  return "en";
}

async function load(language: LanguageCode) {
  if (i18n.hasResourceBundle(language, "translation")) return;
  const { default: catalogue } = await CATALOGUES[language]();
  i18n.addResourceBundle(language, "translation", catalogue);
  void loadServer(language);
}

export async function setLanguage(language: LanguageCode) {
  await load(language);
  await i18n.changeLanguage(language);
  localStorage.setItem(STORAGE_KEY, language);
  document.documentElement.lang = language === "zh-hans" ? "zh-Hans" : "en";
}

/** The `Intl` locale that belongs to the language on screen. */
export const locale = () => (i18n.language === "zh-hans" ? "zh-CN" : "en-GB");

export async function startI18n(language: LanguageCode = firstLanguage()) {
  await i18n.use(initReactI18next).init({
    lng: language,
    // Every language says everything: a test compares them.
    fallbackLng: false,
    lowerCaseLng: true,
    resources: {},
    // A stored sentence on screen is said again when its words have come.
    react: { bindI18nStore: "added" },
    interpolation: { escapeValue: false },
  });
  await load(language);
  await i18n.changeLanguage(language);
  document.documentElement.lang = language === "zh-hans" ? "zh-Hans" : "en";
}

export default i18n;
