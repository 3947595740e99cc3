import i18n from "i18next";
import { beforeAll, expect, it } from "vitest";
import { ApiError, NetworkError } from "~/api/client";
import { setLanguage, startI18n } from "~/i18n";
import { saySentence } from "~/i18n/say";
import { errorSentence, fieldSentences } from "./sentence";

beforeAll(async () => {
  await startI18n("en");
  await setLanguage("zh-hans");
  i18n.addResource("zh-hans", "translation", "server.round_busy", "第 {{number}} 轮正忙。");
  return () => setLanguage("en");
});

const ROUND_BUSY = { code: "round_busy", params: { number: 3 }, text: "Round 3 is busy." };

const refusal = (code: string, sentence: ApiError["sentence"]) =>
  new ApiError(409, code, "Round 3 is busy.", { sentence });

it("says a refusal by its sentence, then by its class, then as the server wrote it", () => {
  const unknown = { code: "never_heard_of", params: {}, text: "Round 3 is busy." };

  expect(errorSentence(refusal("lease_expired", ROUND_BUSY))).toBe("第 3 轮正忙。");
  expect(errorSentence(refusal("lease_expired", unknown))).toBe(i18n.t("errors.lease_expired"));
  expect(errorSentence(refusal("of_no_class", unknown))).toBe("Round 3 is busy.");
  expect(errorSentence(refusal("of_no_class", null))).toBe("Round 3 is busy.");
});

it("says in English what the server said, and without a sentence the class of the refusal", async () => {
  await setLanguage("en");

  expect(errorSentence(refusal("lease_expired", ROUND_BUSY))).toBe("Round 3 is busy.");
  expect(errorSentence(refusal("lease_expired", null))).toMatch(/lease/);

  await setLanguage("zh-hans");
});

it("says a lost connection and a fault of the page itself", () => {
  expect(errorSentence(new NetworkError("cut"))).toBe(i18n.t("errors.network"));
  expect(errorSentence(new Error("broken"))).toBe("broken");
});

it("says a stored sentence by its code, else in its own words", () => {
  const params = { number: 3 };

  expect(saySentence({ code: "round_busy", params, text: "Busy." })).toBe("第 3 轮正忙。");
  expect(saySentence({ code: "never_heard_of", params, text: "Busy." })).toBe("Busy.");
  expect(saySentence({ text: "Busy." })).toBe("Busy.");
});

it("says what is wrong with each field, coded or not", () => {
  const error = new ApiError(400, "invalid", "", {
    fields: { name: ["Busy.", "Too long."], email: ["Taken."] },
    field_sentences: { name: [ROUND_BUSY, null], email: [] },
  });

  expect(fieldSentences(error)).toEqual({ name: "第 3 轮正忙。 Too long.", email: "Taken." });
});
