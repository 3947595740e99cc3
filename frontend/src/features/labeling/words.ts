import type { TFunction } from "i18next";
import { type Answer, type Complaint, tiers } from "./state";

/** Reads an answer back in words, on the status line and to a screen reader. */
export function inWords(answer: Answer, letters: string[], t: TFunction): string {
  return answer.kind === "compare"
    ? choiceInWords(answer, letters, t)
    : ranksInWords(answer, letters, t);
}

function choiceInWords(
  { choice }: Extract<Answer, { kind: "compare" }>,
  letters: string[],
  t: TFunction,
): string {
  const [a = "A", b = "B"] = letters;
  switch (choice.kind) {
    case "none":
      return t("labeling.words.nothing");
    case "tie":
      return t("labeling.words.tie", { a, b });
    case "allBad":
      return t("labeling.words.allBad");
    case "better":
      return t(`labeling.words.better${choice.strength}`, {
        winner: choice.side === 0 ? a : b,
        loser: choice.side === 0 ? b : a,
      });
  }
}

function ranksInWords(
  { ranks }: Extract<Answer, { kind: "rank" }>,
  letters: string[],
  t: TFunction,
): string {
  const name = (indices: number[]) =>
    indices.map((i) => letters[i]).join(t("labeling.words.comma"));
  const where = (wanted: string | null) => ranks.flatMap((rank, i) => (rank === wanted ? [i] : []));
  const order = tiers(ranks)
    .map((tier) => tier.map((i) => letters[i]).join(" = "))
    .join(t("labeling.words.next"));
  const unrankable = where("unrankable");
  const open = where(null);
  if (open.length === ranks.length) return t("labeling.words.nothingRanked");
  return [
    order,
    unrankable.length > 0 &&
      t("labeling.words.unrankable", { count: unrankable.length, letters: name(unrankable) }),
    open.length > 0 && t("labeling.words.open", { count: open.length, letters: name(open) }),
  ]
    .filter(Boolean)
    .join(t("labeling.words.semicolon"));
}

/** What is still missing before the answer can be sent. */
export function complaintInWords(why: Complaint, letters: string[], t: TFunction): string {
  if (why.kind === "untouched") return t("labeling.complaint.untouched");
  const names = why.responses.map((i) => letters[i]).join(t("labeling.words.comma"));
  return t(`labeling.complaint.${why.kind}`, { letters: names });
}
