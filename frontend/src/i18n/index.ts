import i18n from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en";

export const LANGUAGES = { en: "English", "zh-hans": "简体中文" } as const;
export type LanguageCode = keyof typeof LANGUAGES;

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

/** Chinese is a chunk of its own: who reads English does not download it, and the reverse costs one file. */
async function load(language: LanguageCode) {
  if (language === "zh-hans" && !i18n.hasResourceBundle("zh-hans", "translation")) {
    const { default: zh } = await import("./zh");
    i18n.addResourceBundle("zh-hans", "translation", zh);
  }
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
    lng: "en",
    fallbackLng: "en",
    lowerCaseLng: true,
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  await load(language);
  await i18n.changeLanguage(language);
  document.documentElement.lang = language === "zh-hans" ? "zh-Hans" : "en";
}

export default i18n;
