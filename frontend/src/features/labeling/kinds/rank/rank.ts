import type { TFunction } from "i18next";
import type { Asked, Binding, Kind } from "../kind";
import { RankPanels } from "./panels";
import {
  type Action,
  complaint,
  fromDraft,
  type Ranking,
  reduce,
  said,
  tiers,
  toDraft,
  untouched,
} from "./state";

/** The letters of the responses move the focus, and there are as many ranks as responses. */
function keys({ letters }: Asked): readonly Binding<Action>[] {
  const focus = letters.map((letter) => letter.toLowerCase());
  return [
    {
      id: "focus",
      keys: focus,
      command: (key) => ({ type: "focus", index: focus.indexOf(key) }),
    },
    {
      id: "move",
      keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
      repeats: true,
      command: (key) => ({
        type: "moveFocus",
        by: key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1,
      }),
    },
    {
      id: "rank",
      keys: letters.map((_, i) => String(i + 1)),
      command: (key) => ({ type: "rank", rank: Number(key) }),
    },
    { id: "unrankable", keys: ["x"], command: () => ({ type: "unrankable" }) },
    { id: "clear", keys: ["Backspace"], command: () => ({ type: "clear" }) },
  ];
}

function inWords({ ranks }: Ranking, letters: string[], t: TFunction): string {
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

/** Responses from best to worst, ties allowed, some perhaps left out. */
export const rank: Kind<Ranking, Action> = {
  untouched,
  reduce,
  complaint,
  inWords,
  keys,
  said,
  toDraft,
  fromDraft,
  Panels: RankPanels,
};
