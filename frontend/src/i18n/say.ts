import i18n from "i18next";

type Param = string | number | boolean | null | Said;

/** What the server says, raised or stored: a code with its parameters, and the English of it. */
export interface Said {
  code?: string | null;
  params?: Record<string, Param>;
  text: string;
}

/** What the server says by `code` in the language on screen, or null where it has no words for it. */
export function translated(code: string, params: Record<string, Param> = {}): string | null {
  const key = `server.${code}`;
  const words = Object.entries(params).map(([name, value]) => [
    name,
    typeof value === "object" && value !== null ? saySentence(value) : value,
  ]);
  return i18n.exists(key) ? i18n.t(key, { ...Object.fromEntries(words), defaultValue: "" }) : null;
}

/** The sentence in the language on screen, else in English. */
export function saySentence({ code, params, text }: Said): string {
  return (code && translated(code, params)) || text;
}
