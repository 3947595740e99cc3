import type { Interval } from "~/api/types";
import i18n, { locale } from "~/i18n";

/** Numbers and times as the language on screen writes them. */

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A number of unknown size, to four significant digits; very small ones keep their exponent. */
export function quantity(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
  return new Intl.NumberFormat(locale(), { maximumSignificantDigits: 4 }).format(value);
}

/** Names one after another: "a, b and c". */
export function listed(names: string[]): string {
  return new Intl.ListFormat(locale()).format(names);
}

/** A value with its interval; agreement coefficients are shown with two digits. */
export function interval(estimate: Interval | null | undefined, digits = 2): string {
  if (!estimate) return i18n.t("none");
  return i18n.t("interval", {
    value: number(estimate.value, digits),
    low: number(estimate.low, digits),
    high: number(estimate.high, digits),
  });
}

export function dateTime(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}

export function clock(at: Date | string): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(new Date(at));
}

const STEPS: [limit: number, seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [90, 1, "second"],
  [5_400, 60, "minute"],
  [129_600, 3_600, "hour"],
  [Number.POSITIVE_INFINITY, 86_400, "day"],
];

export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const step = STEPS.find(([limit]) => Math.abs(seconds) < limit) ?? STEPS[3];
  const [, size, unit] = step as (typeof STEPS)[number];
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(
    Math.round(seconds / size),
    unit,
  );
}

/** "40 min", "2 h 5 min", "12 s": the two largest units that matter. */
export function duration(seconds: number): string {
  const unit = (value: number, name: "hour" | "minute" | "second") =>
    new Intl.NumberFormat(locale(), { style: "unit", unit: name, unitDisplay: "short" }).format(
      value,
    );
  if (seconds < 60) return unit(Math.round(seconds), "second");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return unit(minutes, "minute");
  const rest = minutes % 60;
  return rest
    ? `${unit(Math.floor(minutes / 60), "hour")} ${unit(rest, "minute")}`
    : unit(minutes / 60, "hour");
}

/** The first characters of a digest, enough to tell two apart by eye. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
