import { useTranslation } from "react-i18next";

/** A training method as people call it; one we do not know keeps its name. */
export function useMethodName(): (method: string) => string {
  const { t, i18n } = useTranslation();
  return (method) =>
    i18n.exists(`method.${method}`) ? t(`method.${method}` as "method.dpo") : method;
}

export function useCheckpointKind(): (kind: string) => string {
  const { t, i18n } = useTranslation();
  return (kind) =>
    i18n.exists(`checkpointKind.${kind}`)
      ? t(`checkpointKind.${kind}` as "checkpointKind.base")
      : kind;
}
