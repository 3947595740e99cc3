import { useTranslation } from "react-i18next";

/** Title and unit of a metric, as people read it; a name we do not know is shown as it is. */
export function useQuantityName(name: string): { title: string; unit: string } {
  const { t, i18n } = useTranslation();
  // Names have slashes and may carry the split they were measured on ("eval/accuracy").
  const [, split, bare = name] = /^(eval|train)\/(.*)$/.exec(name) ?? [null, "", name];
  const key = bare.replaceAll("/", "_");
  const known = i18n.exists(`quantity.${key}`);
  const title = known ? t(`quantity.${key}` as "quantity.loss") : bare;
  const unit = i18n.exists(`unit.${key}`) ? t(`unit.${key}` as "unit.loss") : "";
  const where = split === "eval" ? t("curves.eval") : split === "train" ? t("curves.train") : "";
  return { title: where ? `${title} (${where})` : title, unit };
}
