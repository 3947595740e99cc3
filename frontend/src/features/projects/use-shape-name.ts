import { useTranslation } from "react-i18next";

const NAMED = [
  "prompts",
  "responses",
  "rows",
  "pairs",
  "kto",
  "hh",
  "pandalm",
  "oasst",
  "labels",
  "project",
] as const;
type Named = (typeof NAMED)[number];

/** What a format is called; one that the texts do not know goes by its own name. */
export function useShapeName() {
  const { t } = useTranslation();
  return (name: string) =>
    (NAMED as readonly string[]).includes(name) ? t(`projects.files.shape.${name as Named}`) : name;
}
