import "i18next";
import type en from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    // What the server says is looked up by a code that comes with it; hundreds of keys that nobody
    // writes would only slow the checker down.
    resources: { translation: Omit<typeof en, "server"> };
  }
}
