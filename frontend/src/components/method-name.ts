import { useTranslation } from "react-i18next";
import { useRecipes } from "~/api/rounds";
import { saySentence } from "~/i18n/say";

/** What a job does, as people call it: the server names its training methods. */
export function useMethodName(): (method: string) => string {
  const { t } = useTranslation();
  const { data: known } = useRecipes();
  return (method) => {
    if (method === "generate" || method === "evaluate") return t(`method.${method}`);
    const title = known?.methods.find((one) => one.method === method)?.title;
    return title ? saySentence(title) : method;
  };
}

export function useCheckpointKind(): (kind: string) => string {
  const { t, i18n } = useTranslation();
  return (kind) =>
    i18n.exists(`checkpointKind.${kind}`)
      ? t(`checkpointKind.${kind}` as "checkpointKind.base")
      : kind;
}
